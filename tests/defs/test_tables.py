"""What Dagster shows of a table's columns: their constraints, and from where each comes."""

from typing import Any

import dagster as dg

from rutter_assets.definitions import defs
from rutter_assets.defs.keys import COMPLETENESS, WAREHOUSE, key_of
from rutter_assets.marts.catalogue import catalogue, entry_of
from rutter_assets.marts.mart import MARTS
from tests.defs.conftest import Stage, StageOf, sales
from tests.defs.daemon import materialize

MADE = [*map(key_of, MARTS), COMPLETENESS, WAREHOUSE]
"""The assets that are made of others."""


OF_NO_COLUMN = {"pull_lag_s", "judged_at"} | {
    *(f"restatements.{name}" for name in ("mart", "metric", "before", "after", "known_at", "run_id")),
    *(f"published.{name}" for name in ("mart", "known_at", "run_id")),
}
"""What is made of the ledger, the clock, the run or a mart's names alone, or of the column that another one names."""


def schema_of(key: dg.AssetKey) -> dg.TableSchema:
    found = defs().resolve_asset_graph().get(key).metadata["dagster/column_schema"]
    assert isinstance(found, dg.TableSchema)
    return found


def last_lineage(stage: Stage, key: dg.AssetKey) -> dict[str, Any]:
    """The lineage where the UI looks for it: with the asset's last materialization, whichever day it was of."""
    event = stage.instance.get_latest_materialization_event(key)
    assert event is not None
    assert event.asset_materialization is not None
    found = event.asset_materialization.metadata["dagster/column_lineage"]
    assert isinstance(found, dg.TableColumnLineageMetadataValue)
    return dict(found.column_lineage.deps_by_column)


def test_every_asset_that_is_made_of_others_tells_so_column_by_column_with_its_last_materialization(
    stage_of: StageOf,
) -> None:
    stage = stage_of(sales(4, 2))
    stage.run("snapshot_connections")
    stage.read(6, 0)
    stage.run("compute_marts", first=6, last=0)
    for key in (COMPLETENESS, WAREHOUSE):
        materialize(stage, key)
    graph = stage.definitions.resolve_asset_graph()
    tables = graph.get_all_asset_keys() - {key_of("report")}  # a page for people has no columns
    columns = {key: [column.name for column in schema_of(key).columns] for key in tables}
    for key in MADE:
        lineage = last_lineage(stage, key)
        assert lineage.keys() == set(columns[key]) - OF_NO_COLUMN
        for dep in (dep for deps in lineage.values() for dep in deps):
            assert dep.asset_key in graph.get(key).parent_keys, (key, dep)
            assert dep.column_name in columns[dep.asset_key], (key, dep)
    for mart in MARTS:
        told = ["dagster/column_lineage" in stage.metadata(mart, stage.day(ago)) for ago in (4, 2)]
        assert told == [False, True], "once for the days of a run"


def test_a_column_of_the_warehouse_comes_from_the_asset_of_its_table(stage_of: StageOf) -> None:
    stage = stage_of(sales(4))
    materialize(stage, WAREHOUSE)
    lineage = last_lineage(stage, WAREHOUSE)
    of = {name: [f"{dep.asset_key.path[-1]}.{dep.column_name}" for dep in deps] for name, deps in lineage.items()}
    assert of["fee_totals.fees_total"] == ["fee_totals.fees_total"]
    assert of["movements.money"] == ["transactions.amount"]
    assert of["connections_daily.status"] == ["connections.status"]
    assert of.keys() == {
        f"{entry.name}.{column.name}"
        for entry in catalogue()
        for column in entry.table.columns
        if entry.is_asset or column.made_of
    }


def test_a_table_says_what_no_two_rows_share_and_what_is_never_null() -> None:
    ratios, completeness = schema_of(key_of("refund_ratios")), schema_of(COMPLETENESS)
    assert ratios.constraints.other[0] == "unique: date, connection_id, iso_currency_code"
    assert [column.name for column in completeness.columns if column.constraints.unique] == ["connection_id"]
    for key in (*map(key_of, MARTS), COMPLETENESS):
        nullable = {column.name: column.constraints.nullable for column in schema_of(key).columns}
        assert nullable == {column.name: column.nullable for column in entry_of(key.path[-1]).table.columns}


def test_a_columns_description_says_in_words_what_it_is_made_of() -> None:
    described = {column.name: column.description for column in schema_of(key_of("refund_ratios")).columns}
    assert described["chargeback_count"] == (
        "Counted chargebacks. Made of transactions (status, platform_type, description, platform_data)."
    )
