"""`completeness`: is everything here that the source says it has? Definitions: docs/metrics.md, section 5."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Literal

import pyarrow as pa

from rutter_assets.lake import layout, parquet
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.ledger import Ledger
from rutter_assets.lake.tables import CONNECTIONS, INSTANT, TRANSACTIONS
from rutter_assets.marts import engine
from rutter_assets.marts.tables import COMPLETENESS

Verdict = Literal["complete", "behind", "ahead", "not_provable", "not_loaded"]

ESTIMATED_ABOVE: Final = 1_000_000
"""A counter above it is an estimate, by the API's own word. [seed]"""
ESTIMATE_TOLERANCE: Final = 0.01
"""How far from an estimate counts as equal to it. [inferred]: the API does not say how good its estimates are."""
REACH: Final = timedelta(hours=2)
"""How much older than the newest snapshot one may be that stands in for it: two hourly pulls."""
PULL_IS_LATE: Final = timedelta(hours=3)
"""A watermark that is so old while the source has synced since: three hourly pulls were missed."""
SOURCE_IS_LATE: Final = timedelta(days=1)
"""A source that did not sync for so long is not merely between two syncs. [inferred]"""


@dataclass(frozen=True)
class Told:
    """What one snapshot says of one connection, as `connections` has it."""

    snapshot_at: datetime
    connection_id: str
    platform: str
    name: str | None
    status: str | None
    historical_sync_completed: bool | None
    needs_update: bool | None
    is_disabled: bool | None
    disabled_reason: str | None
    synced_transactions: int | None
    oldest_transaction_at: datetime | None
    newest_transaction_at: datetime | None
    last_sync_completed_at: datetime | None

    @property
    def known_until(self) -> datetime:
        """Up to when the source knew its platform; the snapshot's own instant where it does not tell."""
        return self.last_sync_completed_at or self.snapshot_at

    @property
    def counted_until(self) -> datetime:
        """No row that the counter counts was created later."""
        return max(self.known_until, self.newest_transaction_at or self.known_until)


@dataclass(frozen=True)
class Stored:
    """What is stored of one connection, created up to `counted_until`."""

    count: int = 0
    oldest_at: datetime | None = None
    newest_at: datetime | None = None


def compared(snapshots: Iterable[Told], ledger: Ledger | None) -> Told:
    """Of one connection's snapshots, the one to compare with: the newest that our watermark has reached.

    So a row that came to the source since the last pull is not missed. Where none of the last two hours is reached,
    the pull is late, and the newest is compared with as it is.
    """
    newest_first = sorted(snapshots, key=lambda told: told.snapshot_at, reverse=True)
    newest = newest_first[0]
    watermark = _watermark(ledger)
    for told in newest_first:
        if watermark is not None and told.known_until <= watermark and newest.snapshot_at - told.snapshot_at <= REACH:
            return told
    return newest


def judge(told: Told | None, stored: Stored, ledger: Ledger | None, first_day: date) -> tuple[Verdict, str]:
    """The verdict and its reason; `told` null: the newest snapshot does not list the connection."""
    if ledger is None or ledger.history_loaded_at is None:
        return "not_loaded", f"Its history is not loaded yet. {_why_not_loaded(told)}"
    if told is None:
        return "not_provable", "The newest snapshot of the connections does not list it, so it has no counter."
    count, at = told.synced_transactions, f"{told.snapshot_at:%Y-%m-%d %H:%M} UTC"
    missing_day = _missing_day(told, stored, first_day)
    if missing_day is not None:
        return (
            "behind",
            f"Rutter had a transaction of {missing_day} at {at}, and none is stored: {_mend(told, ledger)}.",
        )
    if count is None:
        return "not_provable", "Rutter tells no counter of its transactions."
    difference = stored.count - count
    if horizon(told, first_day) == "start_date_limited" and difference <= 0:
        return "not_provable", (
            f"{stored.count:,} are stored; the {count:,} that Rutter counted at {at} include those before"
            f" RUTTER_START_DATE ({first_day}), which are not read."
        )
    if abs(difference) <= _tolerance(count):
        if count > ESTIMATED_ABOVE:
            return (
                "complete",
                f"{stored.count:,} are stored, within 1 % of the {count:,} that Rutter estimated at {at}.",
            )
        return "complete", f"All {count:,} transactions that Rutter counted at {at} are stored."
    if difference < 0:
        return (
            "behind",
            f"{-difference:,} of {count:,} that Rutter counted at {at} are not stored: {_mend(told, ledger)}.",
        )
    return "ahead", (
        f"{difference:,} more are stored than the {count:,} that Rutter counted at {at}: what it removed stays here"
        " until its day is read again, and what reached it late is in its next count."
    )


def horizon(told: Told | None, first_day: date) -> Literal["start_date_limited", "platform_limited", "none"]:
    """What limits how far back the history goes, other than the merchant's own beginning."""
    if told is None:
        return "none"
    if told.oldest_transaction_at is not None and told.oldest_transaction_at.astimezone(UTC).date() < first_day:
        return "start_date_limited"
    return "platform_limited" if told.platform == "EBAY" else "none"


def stale_because(told: Told | None, ledger: Ledger | None, now: datetime) -> str:
    """Why the connection's rows are not of this hour; `told` is of the newest snapshot."""
    if told is None:
        return "none"
    if told.is_disabled or told.status == "disabled":
        return f"disabled:{told.disabled_reason or 'UNKNOWN'}"
    if told.needs_update or told.status == "needs_reauth":
        return "reauth"
    synced_at, watermark = told.last_sync_completed_at, _watermark(ledger)
    if told.historical_sync_completed is False:
        return "source_sync"
    if synced_at is not None and told.snapshot_at - synced_at > SOURCE_IS_LATE:
        return "source_sync"
    if watermark is None or (now - watermark > PULL_IS_LATE and (synced_at is None or synced_at > watermark)):
        return "our_pull"
    return "none"


def compute(lake: Lake, first_day: date, now: datetime) -> pa.Table:
    """Judge every connection of the newest snapshot or with a ledger, and replace the table; gives its rows.

    `first_day` is the configured start: what was created before it is not read.
    """
    ledgers = lake.ledgers()
    newest, recent = _recent(lake)
    told = {i: compared(snapshots, ledgers.get(i)) for i, snapshots in recent.items()}
    ids = sorted({*told, *ledgers})
    stored = _stored(lake, {i: told[i].counted_until if i in told else now for i in ids})
    rows = []
    for i in ids:
        one, ledger, ours, last = told.get(i), ledgers.get(i), stored.get(i, Stored()), newest.get(i)
        verdict, reason = judge(one, ours, ledger, first_day)
        count = one.synced_transactions if one else None
        rows.append(
            {
                "connection_id": i,
                "platform": one.platform if one else ledgers[i].platform,
                "name": one and one.name,
                "verdict": verdict,
                "reason": reason,
                "stored_count": ours.count,
                "source_count": count,
                "is_estimate": count is not None and count > ESTIMATED_ABOVE,
                "counted_until": one.counted_until if one else now,
                "snapshot_at": one and one.snapshot_at,
                "source_oldest_at": one and one.oldest_transaction_at,
                "source_newest_at": one and one.newest_transaction_at,
                "stored_oldest_at": ours.oldest_at,
                "stored_newest_at": ours.newest_at,
                "horizon": horizon(one, first_day),
                "source_lag_s": last and _seconds(last.last_sync_completed_at, last.snapshot_at),
                "pull_lag_s": _seconds(_watermark(ledger), now),
                "stale_because": stale_because(last, ledger, now),
                "judged_at": now,
            }
        )
    content = parquet.to_bytes(pa.Table.from_pylist(rows, COMPLETENESS.schema), COMPLETENESS)
    lake.storage.write(layout.COMPLETENESS, content)
    return read(lake)


def read(lake: Lake) -> pa.Table:
    """The table as it is on disk; without rows before it was first computed."""
    return lake.rows_of(COMPLETENESS, layout.COMPLETENESS)


def _recent(lake: Lake) -> tuple[dict[str, Told], dict[str, list[Told]]]:
    """The newest snapshot by connection, and of the same connections the snapshots of the last two hours."""
    newest: dict[str, Told] | None = None
    recent: dict[str, list[Told]] = {}
    for path in reversed(list(lake.storage.paths("connections"))):
        content = lake.storage.read(path)
        rows = [] if content is None else parquet.from_bytes(content, CONNECTIONS, path).to_pylist()
        told = {row["connection_id"]: _told(row) for row in rows}
        if newest is None:
            newest = told
        reached = {
            i: one for i, one in told.items() if i in newest and newest[i].snapshot_at - one.snapshot_at <= REACH
        }
        if not reached:
            break
        for i, one in reached.items():
            recent.setdefault(i, []).append(one)
    return newest or {}, recent


def _told(row: dict[str, Any]) -> Told:
    return Told(**{name: row[name] for name in Told.__dataclass_fields__})


def _stored(lake: Lake, limits: dict[str, datetime]) -> dict[str, Stored]:
    schema = pa.schema([("connection_id", pa.string()), ("counted_until", INSTANT)])
    table = pa.table([list(limits), list(limits.values())], schema=schema)
    with engine.engine() as connection:
        columns = ["connection_id", "id", "created_at"]
        engine.bind(connection, lake, TRANSACTIONS, lake.transaction_files(), columns)
        connection.from_arrow(table).create("limits")
        rows = connection.sql(engine.sql("completeness")).to_arrow_table().to_pylist()
    return {
        row["connection_id"]: Stored(row["stored_count"], row["stored_oldest_at"], row["stored_newest_at"])
        for row in rows
    }


def _missing_day(told: Told, stored: Stored, first_day: date) -> date | None:
    """The UTC day of the source's newest or oldest row, where what is stored does not reach it."""
    newest, oldest = told.newest_transaction_at, told.oldest_transaction_at
    start = datetime.combine(first_day, time(), UTC)
    if newest is not None and newest >= start and (stored.newest_at is None or _day(stored.newest_at) < _day(newest)):
        return _day(newest)
    if oldest is not None and oldest >= start and (stored.oldest_at is None or _day(stored.oldest_at) > _day(oldest)):
        return _day(oldest)
    return None


def _tolerance(count: int) -> float:
    return count * ESTIMATE_TOLERANCE if count > ESTIMATED_ABOVE else 0


def _why_not_loaded(told: Told | None) -> str:
    if told is None:
        return "The newest snapshot of the connections does not list it."
    if told.is_disabled or told.status == "disabled":
        return f"Rutter disabled the connection ({told.disabled_reason or 'UNKNOWN'})."
    if told.needs_update or told.status == "needs_reauth":
        return "The merchant must log in again."
    if told.historical_sync_completed is False:
        return "Rutter is still syncing it."
    return "It can be read; a sync loads it."


def _mend(told: Told, ledger: Ledger) -> str:
    if ledger.watermark is not None and ledger.watermark < told.known_until:
        return f"we have read up to {ledger.watermark:%Y-%m-%d %H:%M} UTC, so let the hourly updates run"
    return f"read it again with `rutter-assets resync --connection {told.connection_id}`"


def _watermark(ledger: Ledger | None) -> datetime | None:
    return None if ledger is None else ledger.watermark


def _day(instant: datetime) -> date:
    return instant.astimezone(UTC).date()


def _seconds(since: datetime | None, until: datetime) -> int | None:
    return None if since is None else max(0, round((until - since).total_seconds()))
