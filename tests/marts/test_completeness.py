"""The certificate of completeness: over worlds that are given, and row by row where only the words count."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from rutter_assets.ingest.snapshot import take_snapshot
from rutter_assets.ingest.sync import SyncRequest, sync
from rutter_assets.ingest.updates import UpdateRequest, sync_updates
from rutter_assets.lake import layout, parquet
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.ledger import Ledger
from rutter_assets.lake.tables import TRANSACTIONS
from rutter_assets.marts.completeness import Stored, Told, compared, compute, horizon, judge, read, stale_because
from rutter_assets.rutter.window import Window
from rutter_assets.sandbox import Merchant, Sandbox, World, faults
from rutter_assets.sandbox.given import given_row, gone
from tests.conftest import NOW, ServeWorld, row, source_of

START = date(2026, 10, 1)
Row = dict[str, object]
AFTER_NOON = NOW + timedelta(minutes=30)


def rows(count: int = 5, day: int = 30) -> list[Row]:
    return [row(number, f"2026-10-{day}T10:00:{number:02d}.000Z") for number in range(1, count + 1)]


def look(sandbox: Sandbox, lake: Lake) -> None:
    """Take a snapshot of the connections."""

    async def take() -> None:
        source = source_of(sandbox)
        async with source.client:
            snapshot = await take_snapshot(source)
        lake.write_connections(snapshot.taken_at, snapshot.table)

    asyncio.run(take())


def load(sandbox: Sandbox, lake: Lake) -> None:
    """Read the whole history of who can be read."""

    async def read_all() -> None:
        source = source_of(sandbox)
        async with source.client:
            window = Window.of_days(START, sandbox.clock.now().date())
            await sync(source, lake, SyncRequest(window, START))

    asyncio.run(read_all())


def update(sandbox: Sandbox, lake: Lake) -> None:
    """Read what changed."""

    async def read_changes() -> None:
        source = source_of(sandbox)
        async with source.client:
            await sync_updates(source, lake, UpdateRequest(timedelta(hours=24)))

    asyncio.run(read_changes())


def judged(lake: Lake, now: datetime = NOW) -> Row:
    """The one row of the certificate."""
    (found,) = compute(lake, START, now).to_pylist()
    return dict(found)


def loaded(serve: ServeWorld, lake: Lake, *given: Row, **merchant: object) -> Sandbox:
    """A world of one merchant with these rows, looked at and loaded."""
    sandbox = serve(Merchant.of(given or rows(), **merchant))  # type: ignore[arg-type]
    look(sandbox, lake)
    load(sandbox, lake)
    return sandbox


def lose(lake: Lake, count: int = 1) -> None:
    """Remove rows by hand from the last day file."""
    path = lake.transaction_files()[-1]
    stored = parquet.from_bytes(lake.storage.read(path) or b"", TRANSACTIONS, path)
    lake.storage.write(path, parquet.to_bytes(stored.slice(count), TRANSACTIONS))


def test_everything_the_source_counts_is_complete(serve: ServeWorld, lake: Lake) -> None:
    loaded(serve, lake)
    found = judged(lake)
    assert (found["verdict"], found["stored_count"], found["source_count"]) == ("complete", 5, 5)
    assert found["reason"] == "All 5 transactions that Rutter counted at 2026-11-01 12:00 UTC are stored."
    assert (found["horizon"], found["stale_because"]) == ("none", "none")
    assert found["stored_newest_at"] == found["source_newest_at"] == datetime(2026, 10, 30, 10, 0, 5, tzinfo=UTC)
    assert (found["source_lag_s"], found["pull_lag_s"]) == (0, 0)
    assert read(lake).to_pylist() == [found]


def test_the_counter_counts_in_its_other_spelling_too(serve: ServeWorld, lake: Lake) -> None:
    loaded(serve, lake, counter_key="synced_transaction_count")
    assert judged(lake)["verdict"] == "complete"


def test_a_row_lost_by_hand_is_behind(serve: ServeWorld, lake: Lake) -> None:
    loaded(serve, lake)
    lose(lake)
    found = judged(lake)
    assert (found["verdict"], found["stored_count"]) == ("behind", 4)
    assert str(found["reason"]).startswith("1 of 5 that Rutter counted at 2026-11-01 12:00 UTC are not stored")
    assert "rutter-assets resync --connection" in str(found["reason"])


def test_a_lost_day_is_behind_even_where_as_many_others_are_too_many(serve: ServeWorld, lake: Lake) -> None:
    loaded(serve, lake, *rows(2), *(one | {"id": f"older {one['id']}"} for one in rows(2, day=28)))
    lake.storage.delete(lake.transaction_files()[-1])
    extra = layout.transactions(date(2026, 10, 28), 0)
    stored = parquet.from_bytes(lake.storage.read(extra) or b"", TRANSACTIONS, extra).to_pylist()
    doubled = [*stored, *({**one, "id": f"extra {one['id']}"} for one in stored)]
    lake.storage.write(extra, parquet.to_bytes(pa.Table.from_pylist(doubled, TRANSACTIONS.schema), TRANSACTIONS))
    found = judged(lake)
    assert (found["verdict"], found["stored_count"], found["source_count"]) == ("behind", 4, 4)
    assert "had a transaction of 2026-10-30" in str(found["reason"])


def test_a_row_that_the_source_removed_makes_us_ahead(serve: ServeWorld, lake: Lake) -> None:
    given = [*map(given_row, rows()), gone("transaction-0003", NOW + timedelta(minutes=1))]
    sandbox = serve(Merchant.of(given))
    load(sandbox, lake)
    sandbox.clock.set(AFTER_NOON)
    look(sandbox, lake)
    update(sandbox, lake)
    found = judged(lake, AFTER_NOON)
    assert (found["verdict"], found["stored_count"], found["source_count"]) == ("ahead", 5, 4)
    assert str(found["reason"]).startswith("1 more are stored")


def test_what_came_since_the_snapshot_is_not_counted(serve: ServeWorld, lake: Lake) -> None:
    sandbox = serve(Merchant.of([*rows(), row(9, "2026-11-01T12:10:00.000Z")]))
    look(sandbox, lake)
    load(sandbox, lake)
    sandbox.clock.set(AFTER_NOON)
    update(sandbox, lake)
    found = judged(lake, AFTER_NOON)
    assert (found["verdict"], found["stored_count"]) == ("complete", 5)
    assert sum(map(len, lake.transactions())) == 6


def test_a_snapshot_that_the_pull_has_not_reached_is_not_held_against_it_for_two_hours(
    serve: ServeWorld, lake: Lake
) -> None:
    sandbox = serve(Merchant.of([*rows(), row(9, "2026-11-01T12:10:00.000Z")]))
    look(sandbox, lake)
    load(sandbox, lake)
    sandbox.clock.set(AFTER_NOON)
    look(sandbox, lake)
    found = judged(lake, AFTER_NOON)
    assert (found["verdict"], found["snapshot_at"], found["source_count"]) == ("complete", NOW, 5)
    late = NOW + timedelta(hours=4)
    sandbox.clock.set(late)
    look(sandbox, lake)
    found = judged(lake, late)
    assert (found["verdict"], found["source_count"], found["stale_because"]) == ("behind", 6, "our_pull")
    assert "we have read up to 2026-11-01 12:00 UTC" in str(found["reason"])
    update(sandbox, lake)
    assert judged(lake, late)["verdict"] == "complete"


def test_without_a_counter_nothing_is_provable(serve: ServeWorld, lake: Lake) -> None:
    loaded(serve, lake)
    found = judged_as(lake, synced_transactions=None)
    assert found == ("not_provable", "Rutter tells no counter of its transactions.")


def judged_as(lake: Lake, **changed: object) -> tuple[str, str]:
    """What would be judged of the lake's one connection had the snapshot said otherwise."""
    snapshot = lake.latest_connections()
    assert snapshot is not None
    (said,) = snapshot.to_pylist()
    told = Told(**{name: said[name] for name in Told.__dataclass_fields__} | changed)
    (ledger,) = lake.ledgers().values()
    instants = [instant for table in lake.transactions() for instant in table["created_at"].to_pylist()]
    return judge(told, Stored(len(instants), min(instants), max(instants)), ledger, START)


def test_a_status_that_cannot_be_read_proves_nothing(serve: ServeWorld, lake: Lake) -> None:
    sandbox = serve(
        Merchant.of(rows()), faults=[faults.answer(400, {"error_code": "INVALID"}).on("/connections/status")]
    )
    look(sandbox, lake)
    load(sandbox, lake)
    found = judged(lake)
    assert (found["verdict"], found["stored_count"], found["source_lag_s"]) == ("not_provable", 5, None)


@pytest.mark.parametrize(
    ("state", "reason", "stale_because"),
    [
        ({"status": "not_ready"}, "Rutter is still syncing it.", "source_sync"),
        ({"status": "needs_reauth"}, "The merchant must log in again.", "reauth"),
        (
            {"status": "disabled", "disabled_reason": "SHOP_IS_LOCKED"},
            "Rutter disabled the connection (SHOP_IS_LOCKED).",
            "disabled:SHOP_IS_LOCKED",
        ),
    ],
)
def test_what_was_never_loaded_says_why(
    serve: ServeWorld, lake: Lake, state: Row, reason: str, stale_because: str
) -> None:
    loaded(serve, lake, **state)
    found = judged(lake)
    assert (found["verdict"], found["reason"]) == ("not_loaded", f"Its history is not loaded yet. {reason}")
    assert (found["stale_because"], found["pull_lag_s"]) == (stale_because, None)


def test_an_open_merchant_that_no_sync_has_read_waits_for_us(serve: ServeWorld, lake: Lake) -> None:
    look(serve(Merchant.of(rows())), lake)
    found = judged(lake)
    assert (found["verdict"], found["stale_because"]) == ("not_loaded", "our_pull")


def test_rows_before_the_start_are_limited_and_not_behind(serve: ServeWorld, lake: Lake) -> None:
    loaded(serve, lake, *rows(), row(8, "2026-09-30T23:59:59.000Z"))
    found = judged(lake)
    assert (found["verdict"], found["horizon"]) == ("not_provable", "start_date_limited")
    assert "the 6 that Rutter counted at 2026-11-01 12:00 UTC include those before RUTTER_START_DATE" in str(
        found["reason"]
    )
    lake.storage.delete(lake.transaction_files()[-1])
    assert judged(lake)["verdict"] == "behind", "the newest day is provable all the same"


def test_ebay_is_limited_by_its_platform(serve: ServeWorld, lake: Lake) -> None:
    loaded(serve, lake, platform="EBAY")
    found = judged(lake)
    assert (found["verdict"], found["horizon"]) == ("complete", "platform_limited")


def test_a_connection_that_is_listed_no_more_keeps_its_row(serve: ServeWorld, lake: Lake) -> None:
    loaded(serve, lake)
    later = serve(world=World.of([]))
    later.clock.set(AFTER_NOON)
    look(later, lake)
    found = judged(lake)
    assert (found["verdict"], found["stored_count"], found["name"]) == ("not_provable", 5, None)


TOLD = Told(NOW, "moss", "WOO_COMMERCE", "Moss", "active", True, False, False, None, 5, None, None, NOW)
LEDGER = Ledger(connection_id="moss", platform="WOO_COMMERCE", history_loaded_at=NOW, watermark=NOW)


@pytest.mark.parametrize(
    ("stored", "verdict"),
    [(1_980_000, "complete"), (2_020_000, "complete"), (1_979_999, "behind"), (2_020_001, "ahead")],
)
def test_an_estimate_is_met_within_one_percent(stored: int, verdict: str) -> None:
    assert judge(replace(TOLD, synced_transactions=2_000_000), Stored(stored), LEDGER, START)[0] == verdict


def test_a_million_is_still_counted_exactly() -> None:
    assert judge(replace(TOLD, synced_transactions=1_000_000), Stored(999_999), LEDGER, START)[0] == "behind"


def test_a_shop_without_sales_is_complete() -> None:
    assert judge(replace(TOLD, synced_transactions=0), Stored(), LEDGER, START)[0] == "complete"


def test_the_newest_snapshot_that_the_watermark_has_reached_is_compared_with() -> None:
    hourly = [
        replace(TOLD, snapshot_at=NOW - timedelta(hours=ago), last_sync_completed_at=NOW - timedelta(hours=ago))
        for ago in range(5)
    ]

    def with_watermark(ago: float) -> datetime:
        watermark = NOW - timedelta(hours=ago)
        return compared(hourly, Ledger(connection_id="moss", platform="EBAY", watermark=watermark)).snapshot_at

    assert with_watermark(0) == NOW
    assert with_watermark(0.5) == NOW - timedelta(hours=1)
    assert with_watermark(2) == NOW - timedelta(hours=2)
    assert with_watermark(2.5) == NOW, "a pull so late is no race"
    assert compared(hourly, None).snapshot_at == NOW


@pytest.mark.parametrize(
    ("told", "watermark", "because"),
    [
        (TOLD, NOW, "none"),
        (replace(TOLD, status="needs_reauth", needs_update=None), NOW, "reauth"),
        (replace(TOLD, needs_update=True, is_disabled=True), NOW, "disabled:UNKNOWN"),
        (replace(TOLD, last_sync_completed_at=NOW - timedelta(hours=25)), NOW, "source_sync"),
        (replace(TOLD, historical_sync_completed=False), NOW, "source_sync"),
        (TOLD, NOW - timedelta(hours=3, minutes=1), "our_pull"),
        (TOLD, NOW - timedelta(hours=3), "none"),
        (replace(TOLD, last_sync_completed_at=NOW - timedelta(hours=9)), NOW - timedelta(hours=9), "none"),
        (replace(TOLD, last_sync_completed_at=None), NOW - timedelta(hours=4), "our_pull"),
    ],
)
def test_why_it_is_stale(told: Told, watermark: datetime, because: str) -> None:
    ledger = Ledger(connection_id="moss", platform="WOO_COMMERCE", history_loaded_at=NOW, watermark=watermark)
    assert stale_because(told, ledger, NOW) == because


def test_a_start_inside_the_ninety_days_is_the_nearer_horizon() -> None:
    told = replace(TOLD, platform="EBAY", oldest_transaction_at=NOW - timedelta(days=80))
    assert horizon(told, START) == "start_date_limited"
