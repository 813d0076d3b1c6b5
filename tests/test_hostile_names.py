"""Names that come from outside are data: no id leads out of the lake, and no path or value becomes SQL."""

import asyncio
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from rutter_assets.errors import LakeError, SettingError
from rutter_assets.ingest.opening import Cursor, look
from rutter_assets.ingest.report import SyncReport
from rutter_assets.ingest.snapshot import take_snapshot
from rutter_assets.ingest.sync import SyncRequest, sync
from rutter_assets.ingest.updates import UpdateRequest, sync_updates
from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from rutter_assets.marts import completeness, warehouse
from rutter_assets.marts.mart import MARTS, compute
from rutter_assets.marts.quality import conservation, quality
from rutter_assets.marts.summary import summary
from rutter_assets.rutter.window import Window
from rutter_assets.sandbox import Merchant, Sandbox
from tests.cli.command import pointed_at, run
from tests.conftest import NOW, ServeWorld, row, source_of

START: Final = date(2026, 10, 25)

HOSTILE: Final = (
    "..",
    "../../escaped",
    "a/../../../escaped",
    "/tmp/escaped",  # noqa: S108 - must not be written to
    "a\\..\\escaped",
    "a\0b",
    "a\nb",
    "\x1b[2Ja",
    "%2e%2e%2fescaped",
    "~root",
    "-rf",
    ".hidden",
    "a.json",
    "it's",
    '"; drop table transactions; --',
    "$known_on",
    "*",
    "аdmin",  # noqa: RUF001 - its first letter is Cyrillic
    "ａｄｍｉｎ",  # noqa: RUF001 - wide letters
    "a" * 100_000,
)


async def everything(sandbox: Sandbox, lake: Lake) -> tuple[SyncReport, SyncReport]:
    """Snapshot, sync, updates and a look of the sensor; what the two syncs report."""
    source = source_of(sandbox)
    async with source.client:
        snapshot = await take_snapshot(source)
        lake.write_connections(snapshot.taken_at, snapshot.table)
        synced = await sync(source, lake, SyncRequest(Window.of_days(START, NOW.date()), START))
        updated = await sync_updates(source, lake, UpdateRequest(timedelta(hours=24)))
        await look(source, lake, Cursor(), history_start=START, in_flight=[], is_used=lambda _: False, now=source.now())
    return synced, updated


def marts(lake: Lake) -> dict[str, Any]:
    """All that is computed from the lake, but for where it lies and when it was made."""
    days = [NOW.date() - timedelta(days=ago) for ago in range(8)]
    for mart in MARTS.values():
        compute(lake, mart, days, NOW.date())
    judged = completeness.compute(lake, START, NOW)
    built = warehouse.build(lake)
    return {
        "summary": summary(lake).to_pylist(),
        "quality": quality(lake, days),
        "conserved": [conservation(lake, mart, days) for mart in MARTS.values()],
        "verdicts": sorted(judged["verdict"].to_pylist()),
        "rows": built.rows,
    }


@pytest.mark.parametrize("status", ["active", "needs_reauth", "disabled"])
def test_an_id_that_leads_elsewhere_is_its_connections_outcome_and_writes_nothing(
    serve: ServeWorld, tmp_path: Path, status: Any
) -> None:
    hostile = [
        Merchant.of([row(n)], id=one, name=f"hostile {n}", status=status, access_token=f"invented-token-{n}")
        for n, one in enumerate(HOSTILE)
    ]
    honest = Merchant.of([row(1)], name="honest")
    lake = Lake.open(str(tmp_path / "deep" / "in" / "lake"), buckets=1, source="sandbox")
    for report in asyncio.run(everything(serve(honest, *hostile), lake)):
        kinds = {outcome.connection_id: outcome.kind for outcome in report.outcomes}
        assert kinds.pop(honest.id) == "synced"
        assert kinds.keys() == set(HOSTILE)
        assert "synced" not in kinds.values()
        assert max(len(outcome.message) for outcome in report.outcomes) < 300
    completeness.compute(lake, START, NOW)
    written = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert [file for file in written if "deep/in/lake" not in str(file)] == []
    ledgers = list((tmp_path / "deep/in/lake" / layout.LEDGER).rglob("*"))
    assert [file.name for file in ledgers] == [f"{honest.id}.json"]


def test_no_part_of_a_path_is_made_of_an_id_that_leads_elsewhere() -> None:
    for one in HOSTILE:
        for path_of in (layout.ledger, lambda one: layout.staged("owner", one, "name")):
            with pytest.raises(LakeError, match="is not an id that can name a file"):
                path_of(one)


def test_ids_and_texts_of_transactions_are_kept_as_they_are_and_name_no_file(serve: ServeWorld, lake: Lake) -> None:
    rows = [row(n, id=one, order_id=one, description=one, platform_type=one) for n, one in enumerate(HOSTILE)]
    asyncio.run(everything(serve(Merchant.of(rows, name="'; drop table transactions; --")), lake))
    stored = [item for table in lake.transactions() for item in table.to_pylist()]
    for name in ("id", "order_id", "description", "platform_type"):
        assert {item[name] for item in stored} == set(HOSTILE)
    assert marts(lake)["quality"].row_count == len(HOSTILE)


def test_a_lake_may_lie_at_a_path_of_any_letters(serve: ServeWorld, tmp_path: Path) -> None:
    """Quotes, SQL, globs and parameters: what is found is what a plain path gives."""
    rows = [row(n, f"2026-10-{26 + n % 5}T10:00:00Z", type="refund" if n % 3 == 0 else "sale") for n in range(30)]
    sandbox = serve(Merchant.of(rows))
    found = []
    odd = ('it\'s "odd"; drop table transactions; --', "*[a]{b,c}**", "$known_on %41 ü\n\t", "lake")
    for path in (Path("plain"), Path(*odd)):
        lake = Lake.open(str(tmp_path / path), buckets=1, source="sandbox")
        asyncio.run(everything(sandbox, lake))
        found.append(marts(lake))
    assert found[0]["summary"] != []
    assert found[0] == found[1]


@pytest.mark.parametrize("odd", ["date=2020-01-01", "a?b"])
def test_a_path_that_engines_take_for_something_else_is_refused(tmp_path: Path, odd: str) -> None:
    """DuckDB would take the first `date=` for the day of each file, and the marts would be empty."""
    with pytest.raises(SettingError, match="give a place without them"):
        Lake.open(str(tmp_path / odd / "lake"), buckets=1, source="sandbox")


def test_what_the_api_says_commands_no_terminal(serve: ServeWorld, tmp_path: Path) -> None:
    strange = "\x1b[2J\x1b]0;owned\x07"
    broken = Merchant.of([row(1, id=strange, amount=10**40)], name=strange, platform=strange, id="broken")
    nameless = Merchant.of(id=strange, name="odd id", access_token="invented-token", status="needs_reauth")
    env = pointed_at(serve(broken, nameless), tmp_path / "lake", start=str(START))
    for command in ("sync", "status", "plan", "sync --connection broken"):
        said = run(*command.split(), env=env).output
        assert "owned" in said
        assert "\x1b" not in said
