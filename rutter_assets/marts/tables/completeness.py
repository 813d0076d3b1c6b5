"""The certificate of each merchant."""

from typing import Final

import pyarrow as pa

from rutter_assets.lake.tables import INSTANT, Column, Table
from rutter_assets.marts.tables.sources import WHEN, made_from, of


def _told(*names: str) -> tuple[str, ...]:
    return tuple(f"connections.{name}" for name in names)


_UNTIL: Final = _told("last_sync_completed_at", "newest_transaction_at", "snapshot_at")
_VERDICT: Final = of("id", "created_at") + _UNTIL + _told("synced_transactions", "oldest_transaction_at")
_STATE: Final = _told("status", "historical_sync_completed", "needs_update", "is_disabled", "disabled_reason")

COMPLETENESS: Final = Table(
    "completeness",
    "connection_id: how what is stored of one connection compares with the source's own counter",
    (
        *made_from(
            _told("connection_id"),
            Column("connection_id", pa.string(), "The Rutter id of the connection.", nullable=False),
            made_with="the ledgers, which know connections that no snapshot lists",
        ),
        *made_from(
            _told("platform"),
            Column("platform", pa.string(), "The connection's platform, as the API names it.", nullable=False),
            made_with="the ledger, where no snapshot lists it",
        ),
        Column("name", pa.string(), "The merchant's name. Null: not told.", made_of=_told("name")),
        *made_from(
            _VERDICT,
            Column("verdict", pa.string(), "complete, behind, ahead, not_provable or not_loaded.", nullable=False),
            made_with="the ledger, RUTTER_START_DATE",
        ),
        *made_from(
            _VERDICT + _STATE,
            Column("reason", pa.string(), "The verdict in a sentence.", nullable=False),
            made_with="the ledger, RUTTER_START_DATE",
        ),
        *made_from(
            of("id", "created_at") + _UNTIL,
            Column("stored_count", pa.int64(), "Distinct ids stored, created up to counted_until.", nullable=False),
        ),
        *made_from(
            _told("synced_transactions"),
            Column("source_count", pa.int64(), "The source's own counter in the snapshot. Null: not told."),
            Column("is_estimate", pa.bool_(), "The source's counter is an estimate: above 1,000,000.", nullable=False),
        ),
        *made_from(
            _UNTIL,
            Column(
                "counted_until", INSTANT, "Rows created later were not yet the source's; none counts.", nullable=False
            ),
            made_with="the clock, where no snapshot lists it",
        ),
        *made_from(
            _told("snapshot_at"),
            Column("snapshot_at", INSTANT, "When the snapshot that is compared with was taken. Null: there is none."),
        ),
        *made_from(
            _told("oldest_transaction_at"),
            Column("source_oldest_at", INSTANT, "The source's oldest transaction in the snapshot. Null: not told."),
        ),
        *made_from(
            _told("newest_transaction_at"),
            Column("source_newest_at", INSTANT, "The source's newest transaction in the snapshot. Null: not told."),
        ),
        *made_from(
            WHEN + _UNTIL,
            Column("stored_oldest_at", INSTANT, "The oldest created_at of those stored_count. Null: none."),
            Column("stored_newest_at", INSTANT, "The newest created_at of those stored_count. Null: none."),
        ),
        *made_from(
            _told("oldest_transaction_at", "platform"),
            Column("horizon", pa.string(), "start_date_limited, platform_limited or none.", nullable=False),
            made_with="RUTTER_START_DATE",
        ),
        *made_from(
            _told("last_sync_completed_at", "snapshot_at"),
            Column(
                "source_lag_s",
                pa.int64(),
                "Seconds from the source's last sync to the newest snapshot. Null: not told.",
            ),
        ),
        Column(
            "pull_lag_s",
            pa.int64(),
            "Seconds from our watermark to judged_at. Null: not loaded.",
            made_with="the ledger, the clock",
        ),
        *made_from(
            _STATE + _told("last_sync_completed_at", "snapshot_at"),
            Column(
                "stale_because",
                pa.string(),
                "reauth, disabled:<reason>, source_sync, our_pull or none.",
                nullable=False,
            ),
            made_with="the ledger, the clock",
        ),
        Column("judged_at", INSTANT, "When this was judged.", nullable=False, made_with="the clock"),
    ),
    ("connection_id",),
    grain=("connection_id",),
    if_broken="move it away and compute it again",
)
