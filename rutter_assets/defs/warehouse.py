"""The asset `rutter/warehouse`: all tables in one DuckDB file, swapped in whole."""

import time
from dataclasses import replace

import dagster as dg

from rutter_assets.defs.automation import follows_when_still
from rutter_assets.defs.failures import said_as_failure
from rutter_assets.defs.keys import COMPLETENESS, CONNECTIONS, GROUP, TRANSACTIONS, WAREHOUSE, key_of
from rutter_assets.defs.resources import RutterLake
from rutter_assets.defs.tables import lineage_metadata, markdown, schema_of
from rutter_assets.lake import layout
from rutter_assets.lake.tables import Table
from rutter_assets.marts.catalogue import catalogue
from rutter_assets.marts.mart import MARTS
from rutter_assets.marts.warehouse import build
from rutter_assets.settings import Settings


def _side_by_side(*, of_assets: bool) -> Table:
    """The columns of all tables, each named `table.column`.

    `of_assets`: each made of the same column of the asset that its table is, where it is one; else of what it is made
    of there.
    """
    columns = []
    for entry in catalogue():
        for column in entry.table.columns:
            name = f"{entry.name}.{column.name}"
            is_copied = of_assets and entry.is_asset
            columns.append(replace(column, name=name, made_of=(name,) if is_copied else column.made_of))
    return Table("warehouse", "", tuple(columns), sorted_by=())


def warehouse_asset(settings: Settings) -> dg.AssetsDefinition:
    """The asset over the lake that the settings name."""
    tables = [[f"`{entry.name}`", entry.table.one_row_per] for entry in catalogue()]

    @dg.asset(
        key=WAREHOUSE,
        deps=[CONNECTIONS, TRANSACTIONS, COMPLETENESS, *map(key_of, MARTS)],
        group_name=GROUP,
        kinds={"duckdb"},
        tags={"rutter/layer": "warehouse"},
        automation_condition=follows_when_still(CONNECTIONS, TRANSACTIONS),
        metadata={
            "dagster/column_schema": schema_of(_side_by_side(of_assets=False)),
            "file": dg.MetadataValue.path(f"{settings.lake}/{layout.WAREHOUSE}"),
            "tables": markdown(["table", "one row per"], tables),
        },
        description=(
            "All tables of the lake in one DuckDB file, with movements as a view and a comment on every table and"
            " column. It is built beside the old one and swapped in whole, so that readers, who open it read-only,"
            " never wait and never see a half. Columns: docs/tables.md."
        ),
    )
    def warehouse(lake: RutterLake) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with said_as_failure():
            started = time.monotonic()
            built = build(lake.open())
        return dg.MaterializeResult(
            metadata={
                "path": dg.MetadataValue.path(built.uri),
                "file_bytes": built.size_bytes,
                "elapsed_s": round(time.monotonic() - started, 2),
                **{f"rows/{name}": count for name, count in built.rows.items()},
                **lineage_metadata(_side_by_side(of_assets=True)),
            }
        )

    return warehouse
