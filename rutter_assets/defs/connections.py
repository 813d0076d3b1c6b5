"""The asset `rutter/connections`: what the API says of every merchant, and who must act."""

from collections import Counter
from functools import partial
from typing import Any, Final

import dagster as dg

from rutter_assets.defs.failures import said_as_failure
from rutter_assets.defs.keys import CONNECTIONS, GROUP
from rutter_assets.defs.loop import completed
from rutter_assets.defs.resources import RutterApi, RutterLake
from rutter_assets.defs.tables import definition_metadata, link, markdown
from rutter_assets.ingest.attention import attention_of
from rutter_assets.ingest.snapshot import Snapshot, take_snapshot
from rutter_assets.lake import tables
from rutter_assets.lake.lake import Lake
from rutter_assets.settings import Settings

NOBODY_MUST_ACT: Final = "no_merchant_must_act"
_PREVIEW_ROWS: Final = 100
_PREVIEW: Final = (
    "name", "platform", "status", "historical_sync_completed", "synced_transactions", "oldest_transaction_at",
    "newest_transaction_at", "connection_id",
)  # fmt: skip


def connections_asset(settings: Settings) -> dg.AssetsDefinition:
    """The asset over the lake that the settings name."""

    @dg.asset(
        key=CONNECTIONS,
        group_name=GROUP,
        kinds={"http", "parquet"},
        tags={"rutter/layer": "raw"},
        metadata=definition_metadata(tables.CONNECTIONS, f"{settings.lake}/connections/date=*/*.parquet"),
        check_specs=[
            dg.AssetCheckSpec(
                NOBODY_MUST_ACT,
                asset=CONNECTIONS,
                description="No merchant must log in again, and none is disabled; who must act finds the link here.",
            )
        ],
        description=(
            "A snapshot of every merchant's connection, the unhealthy ones included: its status, how far its history"
            " is synced and whether it can be read. It holds no token and no link."
        ),
    )
    def connections(context: dg.AssetExecutionContext, api: RutterApi, lake: RutterLake) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with said_as_failure():
            files = lake.open()
            snapshot, novelties = completed(partial(_snapshot, api, files))
            path = files.write_connections(snapshot.taken_at, snapshot.table)
        for sentence in novelties:
            context.log.warning(sentence)
        for item in snapshot.connections:
            if item.error is not None:
                context.log.warning("No status of %s: %s", item.connection.id, item.error)
        return dg.MaterializeResult(
            metadata=_metadata(snapshot) | {"path": dg.MetadataValue.path(files.storage.uri(path))},
            check_results=[_who_must_act(snapshot)],
        )

    return connections


async def _snapshot(api: RutterApi, lake: Lake) -> tuple[Snapshot, list[str]]:
    async with api.open(lake) as source:
        return await take_snapshot(source), source.client.novelties.sentences()


def _metadata(snapshot: Snapshot) -> dict[str, Any]:
    rows = snapshot.table.select(list(_PREVIEW)).to_pylist()
    counts = Counter(row["status"] or "unknown" for row in rows)
    shown = [[row[name] for name in _PREVIEW] for row in rows[:_PREVIEW_ROWS]]
    return {
        "connections": len(rows),
        **{f"status/{status}": count for status, count in sorted(counts.items())},
        "history_completed": sum(bool(row["historical_sync_completed"]) for row in rows),
        "preview": markdown(_PREVIEW, shown),
    }


def _who_must_act(snapshot: Snapshot) -> dg.AssetCheckResult:
    """The one place where a merchant's link is shown: to the person who sends it."""
    found = attention_of(snapshot)
    rows = [
        [one.name, one.platform, one.kind, one.message, one.link_url and link(one.link_url.get_secret_value())]
        for one in found
    ]
    return dg.AssetCheckResult(
        check_name=NOBODY_MUST_ACT,
        passed=not found,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{len(found)} merchants must act." if found else "Every merchant's connection can be read.",
        metadata={
            "merchants": markdown(["merchant", "platform", "state", "what to do", "link"], rows),
            "count": len(found),
        },
    )
