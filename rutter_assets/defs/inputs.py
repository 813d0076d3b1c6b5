"""The lake's tables as arguments of assets: the annotation says in which form, the run's partitions of which days."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from typing import Any, Final, Self

import dagster as dg
import duckdb
import pandas as pd
import pyarrow as pa
from pydantic import Field, PrivateAttr

from rutter_assets.defs.failures import said_as_failure
from rutter_assets.defs.keys import COMPLETENESS, CONNECTIONS, GROUP, TRANSACTIONS, WAREHOUSE, key_of
from rutter_assets.defs.partitions import days_of
from rutter_assets.errors import SettingError
from rutter_assets.lake.lake import Lake
from rutter_assets.marts.catalogue import Entry, entry_of
from rutter_assets.marts.engine import engine
from rutter_assets.marts.mart import MARTS
from rutter_assets.marts.relations import Days, relation, rows
from rutter_assets.settings import Settings

TABLES: Final = "rutter_tables"
"""The name under which `LakeTables` is to be among the resources."""

_ASSETS: Final = {
    "movements": "transactions",
    "connections_daily": "connections",
    "restatements": "warehouse",
    "published": "warehouse",
}
"""The asset whose change is a change of the table, where the table is no asset of its own."""
_TABLE: Final = "rutter/table"


def table(name: str, partition_mapping: dg.PartitionMapping | None = None) -> dg.AssetIn:
    """The input that a table of the lake is: `ins={"ratios": table("refund_ratios")}`; all tables: `docs/tables.md`.

    An asset that takes it depends on the table's asset. The argument's annotation says what it is given:
    `pd.DataFrame` of Arrow-backed columns, so that money stays `DECIMAL(38,9)`; `pa.Table` with the declared schema;
    or `duckdb.DuckDBPyRelation`, which reads when it is asked and lives as long as the run. Rows are of the days that
    the run's partitions map to, all of them where the asset has no partitions; instants are UTC; without rows the
    columns are there all the same. `movements` comes with `transactions` as its asset, `connections_daily` with
    `connections`, `restatements` and `published` with `warehouse`, which is made after every mart;
    Dagster gives an asset one argument of each asset. A name that is no table is a `SettingError`.
    """
    entry = entry_of(name)
    return dg.AssetIn(
        key_of(_ASSETS.get(name, name)),
        metadata={_TABLE: entry.name},
        input_manager_key=TABLES,
        partition_mapping=partition_mapping,
    )


def table_specs(settings: Settings) -> list[dg.AssetSpec]:
    """The assets behind the tables, for the definitions of another code location: it must know how they are
    partitioned to give a run the days that are its own."""
    days = days_of(settings)
    return [
        *(dg.AssetSpec(key, group_name=GROUP) for key in (CONNECTIONS, COMPLETENESS, WAREHOUSE)),
        *(dg.AssetSpec(key, group_name=GROUP, partitions_def=days) for key in (TRANSACTIONS, *map(key_of, MARTS))),
    ]


class LakeTables(dg.ConfigurableIOManager):
    """Gives assets the lake's tables, and writes nothing; the resource `rutter_tables` of a downstream project."""

    location: str = Field(description="The lake: a folder, or the URL of a place in an object store.")
    buckets: int = Field(description="How many files a day has; fixed when the lake is made.")
    source: str = Field(description="Whose data it holds: api or sandbox.")
    _held: ExitStack = PrivateAttr(default_factory=ExitStack)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The resource over the lake that the settings name."""
        return cls(location=settings.lake, buckets=settings.buckets, source=settings.source)

    def load_input(self, context: dg.InputContext) -> pd.DataFrame | pa.Table | duckdb.DuckDBPyRelation:
        """The rows of the table that the input names, in the form that its annotation names."""
        with said_as_failure():
            form = _form_of(context)
            entry = entry_of((context.definition_metadata or {}).get(_TABLE, context.asset_key.path[-1]))
            days = set(map(date.fromisoformat, context.asset_partition_keys)) if context.has_asset_partitions else None
            lake = Lake.open(self.location, buckets=self.buckets, source=self.source)
            found: pd.DataFrame | pa.Table | duckdb.DuckDBPyRelation = form(lake, entry, days, self._held)
        return found

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:  # noqa: ARG002 - Dagster's signature
        """Refuse: what a downstream asset makes is not the lake's."""
        with said_as_failure():
            raise SettingError(
                f"The resource {TABLES!r} reads the lake alone: name another io_manager_key for outputs."
            )

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002 - Dagster's signature
        """Close what relations read through."""
        self._held.close()


_Form = Callable[[Lake, Entry, Days, ExitStack], Any]


def _frame(lake: Lake, entry: Entry, days: Days, _: ExitStack) -> pd.DataFrame:
    frame: pd.DataFrame = rows(lake, entry, days).to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def _arrow(lake: Lake, entry: Entry, days: Days, _: ExitStack) -> pa.Table:
    return rows(lake, entry, days)


def _relation(lake: Lake, entry: Entry, days: Days, held: ExitStack) -> duckdb.DuckDBPyRelation:
    return relation(held.enter_context(engine()), lake, entry, days)


_FORMS: Final[dict[object, _Form]] = {pd.DataFrame: _frame, pa.Table: _arrow, duckdb.DuckDBPyRelation: _relation}


def _form_of(context: dg.InputContext) -> _Form:
    annotation = context.dagster_type.typing_type
    if annotation not in _FORMS:
        told = "not annotated" if annotation is Any else f"annotated {getattr(annotation, '__name__', annotation)}"
        raise SettingError(
            f"The argument {context.name!r} is {told}: annotate it pd.DataFrame, pa.Table or duckdb.DuckDBPyRelation."
        )
    return _FORMS[annotation]
