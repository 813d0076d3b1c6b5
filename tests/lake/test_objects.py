"""The lake in an object store: the same files as on a local disk, and no change lost (S3 as moto imitates it)."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import dagster as dg
import duckdb
import httpx
import pandas as pd
import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from rutter_assets.downstream import TABLES, LakeTables, Settings, table, table_specs
from rutter_assets.errors import LakeError
from rutter_assets.ingest.sync import SyncRequest, sync
from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.objects import ObjectStorage
from rutter_assets.marts.erasure import erase
from rutter_assets.marts.mart import MARTS, compute
from rutter_assets.marts.warehouse import build
from rutter_assets.rutter.window import Window
from rutter_assets.sandbox import Merchant
from tests.conftest import ServeWorld, row, source_of
from tests.marts.given import store, transaction

_OF_ITS_OWN = ("_staging", layout.RESTATEMENTS)
"""What two lakes of the same rows do not share: what is under way, and when each figure was first known."""


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    """moto, one request at a time: it looks at a condition and writes in two steps, where S3 does both in one."""
    app = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, app, threaded=False)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def bucket(s3_url: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """The URL of an empty prefix, reached with what the environment says, as in production."""
    for name, value in {
        "AWS_ENDPOINT_URL": s3_url,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "invented",
        "AWS_SECRET_ACCESS_KEY": "invented",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    httpx.put(f"{s3_url}/invented-bucket")
    return f"s3://invented-bucket/{request.node.name}"


def test_a_lake_in_a_bucket_holds_the_same_bytes_as_one_on_disk(serve: ServeWorld, bucket: str, tmp_path: Path) -> None:
    rows = [row(n, f"2026-10-{1 + n % 5:02d}T10:00:00Z", fee=1) for n in range(40)]
    sandbox = serve(Merchant.of(rows, name="one"), Merchant.of(rows, name="two"))
    window = Window.of_days(date(2026, 10, 1), date(2026, 11, 1))

    async def load(lake: Lake) -> None:
        source = source_of(sandbox)
        async with source.client:
            await sync(source, lake, SyncRequest(window, window.start.date()))

    contents = []
    for location in (bucket, str(tmp_path)):
        lake = Lake.open(location, buckets=2, source="sandbox")
        asyncio.run(load(lake))
        for mart in MARTS.values():
            compute(lake, mart, window.days)
        contents.append(
            {path: lake.storage.read(path) for path in lake.storage.paths("") if not path.startswith(_OF_ITS_OWN)}
        )
    assert contents[0] == contents[1]
    assert len(contents[0]) == 5 * 2 + 5 * len(MARTS) + 2 + 1


def test_changes_by_many_writers_are_none_lost(bucket: str) -> None:
    storage = ObjectStorage(bucket)

    def count() -> None:
        for _ in range(10):
            storage.change("counter", lambda old: str(int(old or b"0") + 1).encode())

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert storage.read("counter") == b"40"


def test_a_warehouse_is_uploaded_whole(bucket: str, tmp_path: Path) -> None:
    lake = Lake.open(bucket, buckets=1, source="sandbox")
    store(lake, transaction(), transaction())
    built = build(lake)
    assert built.uri == f"{bucket}/rutter.duckdb"
    (tmp_path / "fetched.duckdb").write_bytes(lake.storage.read(layout.WAREHOUSE) or b"")
    with duckdb.connect(tmp_path / "fetched.duckdb", read_only=True) as file:
        assert file.sql("select count(*), sum(money) from movements").fetchall() == [(2, 20)]


def test_a_table_in_a_bucket_is_an_argument_of_an_asset(bucket: str) -> None:
    lake = Lake.open(bucket, buckets=1, source="sandbox")
    compute(lake, MARTS["fee_totals"], store(lake, transaction(amount="0.000000001"), transaction()))
    seen = []

    @dg.asset(ins={"fees": table("fee_totals"), "moved": table("movements")})
    def taker(fees: pd.DataFrame, moved: duckdb.DuckDBPyRelation) -> None:
        seen.extend([*fees["gross_volume"], *moved.aggregate("sum(money)").fetchall()[0]])

    settings = Settings(lake=bucket)
    definitions = dg.Definitions([*table_specs(settings), taker], resources={TABLES: LakeTables.of(settings)})
    with dg.DagsterInstance.ephemeral() as instance:
        job = definitions.resolve_implicit_global_asset_job_def()
        assert job.execute_in_process(instance=instance).success
    assert seen == [Decimal("10.000000001")] * 2


def test_a_merchant_is_erased_from_a_bucket_too(bucket: str) -> None:
    lake = Lake.open(bucket, buckets=1, source="sandbox")
    store(lake, transaction(connection_id="alder"), transaction(connection_id="moss"))
    build(lake)
    running = Lake.open(bucket, buckets=1, source="sandbox")
    erasure = erase(lake, "alder")
    assert [one.rows_of_connection for one in erasure.before if one.table == "transactions"] == [1]
    assert {one.rows_of_connection for one in erasure.after} == {0}
    assert [one.rows for one in erasure.after if one.table == "rutter.duckdb: movements"] == [1]
    with pytest.raises(LakeError, match="run it again"):
        running.storage.write("transactions/date=2026-10-30/bucket-00.parquet", b"as it was")
