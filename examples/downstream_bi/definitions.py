"""What each merchant gave back in a month, as a Parquet file a month, made again when a day of the month changes."""

import os
from pathlib import Path
from typing import cast

import dagster as dg
import duckdb
import pyarrow.parquet as pq

from rutter_assets.downstream import TABLES, LakeTables, Settings, follows_its_source, its_days, table, table_specs

QUERY = (Path(__file__).parent / "refunds_by_month.sql").read_text(encoding="utf-8")


def refunds_by_month(settings: Settings, folder: Path) -> dg.AssetsDefinition:
    """The asset, a partition a month, whose files lie in the folder."""

    @dg.asset(
        key_prefix="bi",
        group_name="bi",
        kinds={"duckdb", "parquet"},
        ins={"ratios": table("refund_ratios", its_days())},
        partitions_def=dg.MonthlyPartitionsDefinition(
            start_date=settings.start_date.replace(day=1).isoformat(), end_offset=1, timezone="UTC"
        ),
        automation_condition=follows_its_source(),
        description="Sales and refunds of a month, by merchant and currency.",
    )
    def refunds_by_month(context: dg.AssetExecutionContext, ratios: duckdb.DuckDBPyRelation) -> dg.MaterializeResult:  # type: ignore[type-arg]
        file = folder / "refunds_by_month" / f"{context.partition_key[:7]}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_suffix(f".{context.run.run_id}")
        totals = cast("duckdb.DuckDBPyRelation", ratios.query("ratios", QUERY)).to_arrow_table()
        pq.write_table(totals, beside)
        beside.replace(file)
        return dg.MaterializeResult(metadata={"rows": len(totals), "path": dg.MetadataValue.path(str(file))})

    return refunds_by_month


@dg.definitions
def defs() -> dg.Definitions:
    """The code location, over the lake that RUTTER_LAKE names; its own files go to BI_FOLDER."""
    settings = Settings.from_env()
    follow = dg.AutomationConditionSensorDefinition(
        "bi_follows_the_lake",
        target=dg.AssetSelection.groups("bi"),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=15,
    )
    return dg.Definitions(
        assets=[*table_specs(settings), refunds_by_month(settings, Path(os.environ.get("BI_FOLDER", "data/bi")))],
        sensors=[follow],
        resources={TABLES: LakeTables.of(settings)},
        executor=dg.in_process_executor,
    )
