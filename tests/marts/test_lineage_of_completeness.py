"""What a column of `completeness` is made of, seen by changing what it is made of: each variant a connection."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pyarrow as pa

from rutter_assets.lake.lake import Lake
from rutter_assets.lake.tables import CONNECTIONS
from rutter_assets.marts.completeness import compute
from rutter_assets.marts.tables import COMPLETENESS
from tests.conftest import NOW
from tests.marts.given import store, transaction

START = date(2026, 10, 1)
NOON = datetime(2026, 10, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

Row = dict[str, Any]

HEALTHY: Row = {
    "snapshot_at": NOW,
    "platform": "SHOPIFY",
    "name": "Alder & Ash (sample)",
    "status": "active",
    "is_ready": True,
    "historical_sync_completed": True,
    "needs_update": False,
    "is_disabled": False,
    "disabled_reason": None,
    "synced_transactions": 2,
    "oldest_transaction_at": NOON,
    "newest_transaction_at": NOON + HOUR,
    "last_sync_completed_at": NOW - HOUR,
    "created_at": NOON,
}
VALUES: dict[str, tuple[Any, ...]] = {
    "connections.snapshot_at": (NOW + 30 * HOUR, NOON, NOON - HOUR),
    "connections.platform": ("EBAY",),
    "connections.name": ("Yuzu (sample)",),
    "connections.status": ("disabled",),
    "connections.is_ready": (False,),
    "connections.historical_sync_completed": (False,),
    "connections.needs_update": (True,),
    "connections.is_disabled": (True,),
    "connections.disabled_reason": ("SHOP_NOT_FOUND",),
    "connections.synced_transactions": (None, 1, 5, 2_000_000),
    "connections.oldest_transaction_at": (None, NOON - 24 * HOUR, NOON - 999 * HOUR),
    "connections.newest_transaction_at": (None, NOON + 24 * HOUR, NOW + 24 * HOUR),
    "connections.last_sync_completed_at": (None, NOON, NOW - 25 * HOUR, NOW - 3 * HOUR),
    "connections.created_at": (NOW,),
}
"""What each column is changed to, in the world as it is and in others that differ from it by one column already."""

FIRST, LAST = transaction(id="first", created_at=NOON), transaction(id="last", created_at=NOON + HOUR)
STORED: dict[str, list[list[Row]]] = {
    "transactions.id": [[FIRST, LAST | {"id": "first"}]],
    "transactions.created_at": [
        [FIRST | {"created_at": NOON - 30 * HOUR}, LAST], [FIRST, LAST | {"created_at": NOON + 30 * HOUR}],
        [FIRST, LAST | {"created_at": NOW + HOUR}],
    ],
    "transactions.amount": [[FIRST, LAST | {"amount": None}]],
    "transactions.status": [[FIRST, LAST | {"status": "pending"}]],
    "transactions.platform": [[FIRST, LAST | {"platform": "EBAY"}]],
    "transactions.updated_at": [[FIRST, LAST | {"updated_at": NOW}]],
    "transactions.loaded_at": [[FIRST, LAST | {"loaded_at": NOW}]],
}  # fmt: skip


class Worlds:
    """Connections in a lake, each with what the source tells of it, what is stored of it, and whether it was loaded."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._told: list[Row] = []
        self._stored: list[Row] = []

    def add(self, told: Row, stored: list[Row], *, is_loaded: bool) -> str:
        connection_id = f"connection-{len(self._told):04d}"
        self._told.append(told | {"connection_id": connection_id})
        self._stored += [row | {"connection_id": connection_id} for row in stored]
        if is_loaded:
            self._lake.record(
                connection_id,
                "SHOPIFY",
                lambda old: msgspec.structs.replace(old, history_loaded_at=NOW, watermark=NOW - 4 * HOUR),
            )
        return connection_id

    def judged(self) -> dict[str, Row]:
        """The certificate of each."""
        self._lake.write_connections(NOW, pa.Table.from_pylist(self._told, CONNECTIONS.schema))
        store(self._lake, *self._stored)
        return {row["connection_id"]: row for row in compute(self._lake, START, NOW).to_pylist()}


def bases() -> Iterator[tuple[Row, bool]]:
    """What the source tells, and whether the connection was loaded."""
    yield HEALTHY, True
    yield HEALTHY, False
    yield HEALTHY | {"is_disabled": True}, False
    silent = HEALTHY | {"last_sync_completed_at": None, "newest_transaction_at": None}
    yield silent, True
    yield silent | {"snapshot_at": NOON - HOUR}, True
    for source, values in VALUES.items():
        for value in values:
            yield HEALTHY | {source.removeprefix("connections."): value}, True


def test_a_column_changes_with_the_columns_it_is_made_of_and_with_no_others(lake: Lake) -> None:
    worlds, pairs = Worlds(lake), []
    for told, is_loaded in bases():
        base = worlds.add(told, [FIRST, LAST], is_loaded=is_loaded)
        pairs.append((base, "connections.connection_id", worlds.add(told, [FIRST, LAST], is_loaded=is_loaded)))
        for source, values in VALUES.items():
            for value in values:
                changed = told | {source.removeprefix("connections."): value}
                pairs.append((base, source, worlds.add(changed, [FIRST, LAST], is_loaded=is_loaded)))
        for source, variants in STORED.items():
            pairs += [(base, source, worlds.add(told, rows, is_loaded=is_loaded)) for rows in variants]
    judged = worlds.judged()
    seen: dict[str, set[str]] = {column.name: set() for column in COMPLETENESS.columns}
    for base, source, variant in pairs:
        for name, value in _without_own_id(judged[base], source).items():
            if value != _without_own_id(judged[variant], source)[name]:
                seen[name].add(source)
    assert seen == {column.name: set(column.made_of) for column in COMPLETENESS.columns}


def _without_own_id(row: Row, source: str) -> Row:
    """The row; where not the id was changed, without it, which the reason names in a command to run."""
    own = row["connection_id"]
    plain = row | {"reason": row["reason"].replace(own, "…")}
    return plain if source == "connections.connection_id" else plain | {"connection_id": "…"}
