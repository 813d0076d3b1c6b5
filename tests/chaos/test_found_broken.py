"""What is found broken at the start: the next run heals it, or says in one sentence what to do, and then heals."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from rutter_assets.errors import LakeError
from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.ledger import StagedWindow
from rutter_assets.marts.mart import MARTS
from rutter_assets.marts.warehouse import build
from rutter_assets.sandbox import Merchant, Sandbox
from tests.conftest import ServeWorld, row
from tests.whole import OCTOBER, fill, read

pytestmark = pytest.mark.chaos

DAY = date(2026, 10, 30)
FOREIGN = b"PAR1 of somebody else PAR1"


@pytest.fixture
def sandbox(serve: ServeWorld) -> Sandbox:
    """Two merchants with a sale each."""
    return serve(Merchant.of([row(1)], name="Alder", id="alder"), Merchant.of([row(2)], name="Birch", id="birch"))


@pytest.fixture
def filled(sandbox: Sandbox, lake: Lake) -> Lake:
    fill(sandbox, lake)
    return lake


def truncate(lake: Lake, path: str) -> None:
    """Half of the file, as a disk that lied may leave it."""
    content = lake.storage.read(path) or b""
    lake.storage.write(path, content[: len(content) // 2])


def replace(lake: Lake, path: str) -> None:
    """Something else under its name."""
    lake.storage.write(path, FOREIGN)


def kept(lake: Lake) -> dict[str, Any]:
    """Every Parquet file's bytes, and the figures of the warehouse."""
    found: dict[str, Any] = {path: lake.storage.read(path) for path in lake.storage.paths("") if ".parquet" in path}
    with duckdb.connect(lake.storage.uri(layout.WAREHOUSE), read_only=True) as published:
        return found | {name: published.table(name).to_arrow_table().to_pylist() for name in MARTS}


@pytest.mark.parametrize(
    ("path", "break_it"),
    [
        (layout.transactions(DAY, 0), truncate),
        (layout.transactions(DAY, 0), replace),
        (layout.COMPLETENESS, truncate),
        (layout.WAREHOUSE, truncate),
        (layout.mart("fee_totals", DAY), replace),
        (layout.mart("refund_ratios", DAY), truncate),
        (layout.mart("refund_cohorts", DAY), replace),
    ],
)
def test_a_broken_file_is_made_anew_or_named_with_the_mend(
    sandbox: Sandbox, filled: Lake, path: str, break_it: Callable[[Lake, str], None]
) -> None:
    """What is derived is made anew; what cannot be is named, and made anew once it is moved away."""
    before = kept(filled)
    break_it(filled, path)
    said = None
    try:
        fill(sandbox, filled)
    except LakeError as error:
        said = str(error)
    if said is not None:
        assert path in said
        assert "move it away" in said
        Path(filled.storage.uri(path)).rename(Path(filled.storage.uri("")).parent / "moved-away")
        fill(sandbox, filled, is_again=True)
    assert kept(filled) == before


def test_a_broken_ledger_is_its_merchants_trouble_and_the_sentence_mends_it(sandbox: Sandbox, filled: Lake) -> None:
    before = kept(filled)
    truncate(filled, layout.ledger("alder"))
    report = read(sandbox, filled)
    assert {one.connection_id: one.kind for one in report.outcomes} == {"alder": "failed", "birch": "synced"}
    assert "ledger/alder.json is not a ledger of this version" in report.of_kind("failed")[0].message
    assert "remove it, and its merchant is read again in full" in report.of_kind("failed")[0].message
    filled.storage.delete(layout.ledger("alder"))
    fill(sandbox, filled)
    assert kept(filled) == before


def test_a_broken_staged_file_is_named_and_its_window_is_read_again(sandbox: Sandbox, filled: Lake) -> None:
    before = kept(filled)
    path = layout.staged(filled.storage.owner, "alder", "broken")
    filled.storage.write(path, FOREIGN)
    window = StagedWindow(OCTOBER.start, OCTOBER.end, sandbox.clock.now(), (path,), 1)
    filled.record_staged("alder", "SHOPIFY", window)
    with pytest.raises(LakeError, match=f"{path} is broken: remove it, and its window is read again"):
        fill(sandbox, filled)
    filled.storage.delete(path)
    fill(sandbox, filled)
    assert kept(filled) == before


def test_a_broken_notice_tells_every_day_again(sandbox: Sandbox, filled: Lake) -> None:
    filled.storage.write(layout.notice("process-that-ended", "1"), b"[[")
    commits, notices = filled.commit(["alder"])
    assert [(one.day, one.is_changed) for one in commits] == [(DAY, True)]
    filled.acknowledge(notices)
    assert filled.commit(["alder"]) == ([], [])


def test_a_warehouse_half_written_beside_is_swept_away(sandbox: Sandbox, filled: Lake) -> None:
    beside = Path(filled.storage.uri("_staging/beside/process-that-ended/tmp"))
    beside.mkdir(parents=True)
    (beside / "rutter.duckdb").write_bytes(b"half")
    (beside / "rutter.duckdb.wal").write_bytes(b"half")
    build(Lake.open(filled.storage.uri(""), buckets=1, source="sandbox"))
    assert not beside.exists()
