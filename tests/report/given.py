"""A lake by hand: transactions and their marts, a snapshot of the connections, and their completeness."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa

from rutter_assets.lake.lake import Lake
from rutter_assets.lake.tables import CONNECTIONS
from rutter_assets.marts import completeness
from rutter_assets.marts.mart import MARTS, compute
from tests.conftest import NOW
from tests.marts.given import store, transaction

TODAY = NOW.date()


def on(days_ago: int, **fields: object) -> dict[str, object]:
    """A sale of 10.00 EUR at noon of a day before `TODAY`, with `fields` changed."""
    at = datetime.combine(TODAY - timedelta(days=days_ago), NOW.time(), UTC)
    return transaction(**{"created_at": at, "updated_at": at} | fields)


def connection(connection_id: str, **fields: object) -> dict[str, object]:
    """A connection that can be read, as the newest snapshot has it, with `fields` changed."""
    return {
        "snapshot_at": NOW,
        "connection_id": connection_id,
        "platform": "WOO_COMMERCE",
        "name": f"{connection_id.title()} (sample)",
        "status": "active",
        "historical_sync_completed": True,
        "needs_update": False,
        "is_disabled": False,
        "last_sync_completed_at": NOW,
    } | fields


def fill(lake: Lake, *rows: Mapping[str, object], connections: tuple[dict[str, object], ...] = ()) -> Lake:
    """Store the transactions, and make all that is made of them and of a snapshot of these connections."""
    days: list[date] = store(lake, *rows)
    for mart in MARTS.values():
        compute(lake, mart, mart.reached_by(days), known_on=TODAY)
    if connections:
        lake.write_connections(NOW, pa.Table.from_pylist(list(connections), CONNECTIONS.schema))
    completeness.compute(lake, date(2024, 1, 1), NOW)
    return lake
