"""The lake's tables as arguments: in the form that is annotated, of the days of the run, exact."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from decimal import Decimal
from typing import Any

import dagster as dg
import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from rutter_assets.defs.partitions import a_day_and_those_before, range_tags
from rutter_assets.downstream import TABLES, LakeTables, Settings, days_of, its_days, table, table_specs
from rutter_assets.errors import SettingError
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.tables import CONNECTIONS
from rutter_assets.marts.catalogue import entry_of
from rutter_assets.marts.completeness import compute as judge
from rutter_assets.marts.mart import MARTS, compute
from tests.conftest import NOW
from tests.marts.given import NOON, store, transaction

FORMS = (pd.DataFrame, pa.Table, duckdb.DuckDBPyRelation)
EXACT = "12345678901234567890123456789.000000001"


@dataclass
class Downstream:
    """A downstream project over a lake: runs an asset, and keeps what the asset saw of its arguments."""

    settings: Settings
    instance: dg.DagsterInstance
    seen: list[Any] = field(default_factory=list)

    def run(
        self, given: dg.AssetIn, annotation: Any, look: Callable[[Any], Any], *, tags: Any = None, **options: Any
    ) -> dg.ExecuteInProcessResult:
        """Run an asset of one argument."""

        def taker(argument: Any) -> None:
            self.seen.append(look(argument))

        taker.__annotations__["argument"] = annotation
        return self.execute(dg.asset(ins={"argument": given}, **options)(taker), tags)

    def execute(self, asset: dg.AssetsDefinition, tags: Any = None) -> dg.ExecuteInProcessResult:
        definitions = dg.Definitions(
            assets=[*table_specs(self.settings), asset], resources={TABLES: LakeTables.of(self.settings)}
        )
        return definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=self.instance, tags=tags, raise_on_error=False
        )

    def days_seen(self, first: date, last: date, **options: Any) -> list[date]:
        """The days of `refund_ratios` that a run over a range of days is given."""
        mapping = options.pop("partition_mapping", None)
        result = self.run(
            table("refund_ratios", mapping),
            pa.Table,
            lambda rows: sorted(set(rows["date"].to_pylist())),
            tags=range_tags(first, last),
            partitions_def=days_of(self.settings),
        )
        assert result.success
        return list(self.seen.pop())


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    """The sentence with which the asset's step failed."""
    (failed,) = [event for event in result.all_events if event.event_type_value == "STEP_FAILURE"]
    told = failed.step_failure_data.user_failure_data
    assert told is not None
    return str(told.description)


@pytest.fixture
def downstream(filled: Lake, instance: dg.DagsterInstance) -> Downstream:
    return Downstream(Settings(lake=filled.storage.uri(""), start_date=date(2026, 10, 1)), instance)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Four days of sales at the ends of their days, a refund, their marts, a snapshot and its certificate."""
    lake = Lake.open(str(tmp_path_factory.mktemp("filled")), buckets=1, source="sandbox")
    hours = [NOON.replace(hour=0, minute=0), NOON.replace(hour=23, minute=59), NOON - timedelta(days=29)]
    sold = [
        transaction(created_at=at, fee="0.30") for at in [*hours, NOON + timedelta(days=1), NOON + timedelta(days=2)]
    ]
    exact = transaction(amount=EXACT, connection_id="exact", iso_currency_code="JPY")
    days = store(lake, *sold, exact, transaction(type="refund", amount="-1.00", connection_id="dune"))
    for mart in MARTS.values():
        compute(lake, mart, days)
    snapshot = {"snapshot_at": NOW, "connection_id": "moss", "platform": "WOO_COMMERCE", "status": "active"}
    lake.write_connections(NOW, pa.Table.from_pylist([snapshot], CONNECTIONS.schema))
    judge(lake, date(2026, 10, 1), NOW)
    return lake


def as_arrow(value: Any) -> pa.Table:
    """What was given, as Arrow."""
    if isinstance(value, pd.DataFrame):
        return pa.Table.from_pandas(value, preserve_index=False)
    return value if isinstance(value, pa.Table) else value.to_arrow_table()


def test_each_argument_is_what_it_is_annotated_with_the_declared_types(downstream: Downstream) -> None:
    @dg.asset(ins={"fees": table("fee_totals"), "moved": table("movements"), "judged": table("completeness")})
    def taker(fees: pd.DataFrame, moved: pa.Table, judged: duckdb.DuckDBPyRelation) -> None:
        downstream.seen.extend([fees, moved, judged.to_arrow_table(), type(judged)])

    assert downstream.execute(taker).success
    fees, moved, judged, kind = downstream.seen
    assert isinstance(fees, pd.DataFrame)
    assert fees.dtypes.to_dict() == {c.name: pd.ArrowDtype(c.type) for c in entry_of("fee_totals").table.columns}
    assert moved.schema == entry_of("movements").table.schema
    assert kind is duckdb.DuckDBPyRelation
    types = [str(one).replace("Etc/UTC", "UTC") for one in judged.schema.types]
    assert types == [str(column.type) for column in entry_of("completeness").table.columns]
    assert min(map(len, (fees, moved, judged))) > 0


def test_a_table_without_rows_has_its_columns(downstream: Downstream, lake: Lake) -> None:
    downstream.settings = Settings(lake=lake.storage.uri(""))
    for form in FORMS:
        assert downstream.run(table("refund_ratios"), form, as_arrow).success
    assert [found.num_rows for found in downstream.seen] == [0, 0, 0]
    assert [found.schema.names for found in downstream.seen] == [entry_of("refund_ratios").table.schema.names] * 3


def test_money_in_a_data_frame_is_exact_when_it_is_summed_too(downstream: Downstream) -> None:
    def summed(frame: pd.DataFrame) -> dict[str, Decimal]:
        return dict(frame.groupby("iso_currency_code")["gross_volume"].sum())

    downstream.run(table("fee_totals"), pd.DataFrame, summed)
    assert downstream.seen == [{"EUR": Decimal(50), "JPY": Decimal(EXACT)}]


def test_instants_are_utc_in_every_form(downstream: Downstream) -> None:
    def looked(value: Any) -> list[str]:
        return sorted(at.astimezone(UTC).isoformat() for at in as_arrow(value)["created_at"].to_pylist())

    def days(relation: duckdb.DuckDBPyRelation) -> Any:
        return relation.aggregate(
            "bool_and(date = created_at::date), any_value(current_setting('TimeZone'))"
        ).fetchall()

    for form in FORMS:
        downstream.run(table("movements"), form, looked)
    first, *others = downstream.seen
    assert len(first) == 7
    assert others == [first, first]
    downstream.run(table("movements"), duckdb.DuckDBPyRelation, days)
    assert downstream.seen[-1] == [(True, "UTC")]


def test_a_run_is_given_the_days_of_its_partitions_and_no_others(downstream: Downstream) -> None:
    first, last = date(2026, 10, 30), date(2026, 10, 31)
    assert downstream.days_seen(first, last) == [first, last]
    assert downstream.days_seen(date(2026, 10, 15), date(2026, 10, 20)) == []
    assert downstream.days_seen(last, last, partition_mapping=a_day_and_those_before(1)) == [first, last]


def test_a_month_is_given_its_days_as_far_as_the_lake_has_partitions_of_them(downstream: Downstream) -> None:
    downstream.settings = Settings(lake=downstream.settings.lake, start_date=date(2026, 10, 5))
    months = dg.MonthlyPartitionsDefinition(start_date="2026-10-01", end_offset=1, timezone="UTC")
    for month in ("2026-10-01", "2026-11-01"):
        assert downstream.run(
            table("refund_ratios", its_days()),
            pd.DataFrame,
            lambda frame: sorted(set(frame["date"])),
            partitions_def=months,
            tags={"dagster/partition": month},
        ).success
    assert downstream.seen == [[date(2026, 10, 30), date(2026, 10, 31)], [date(2026, 11, 1)]]


def test_an_asset_without_partitions_is_given_all_days(downstream: Downstream) -> None:
    downstream.run(table("fee_totals"), pa.Table, lambda rows: len(set(rows["date"].to_pylist())))
    assert downstream.seen == [4]


def test_a_relation_reads_when_it_is_asked_and_is_closed_with_the_run(downstream: Downstream) -> None:
    def asked_twice(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
        assert len(relation.filter("sale_count > 0")) > 0
        assert relation.query("t", "select count(*) from t") is not None
        return relation

    assert downstream.run(table("fee_totals"), duckdb.DuckDBPyRelation, asked_twice).success
    with pytest.raises(duckdb.ConnectionException, match="closed"):
        downstream.seen[0].fetchall()


@pytest.mark.parametrize(
    ("annotation", "told"), [(pa.RecordBatch, "annotated RecordBatch"), (int, "annotated int"), (Any, "not annotated")]
)
def test_an_annotation_it_does_not_know_is_one_sentence(downstream: Downstream, annotation: Any, told: str) -> None:
    result = downstream.run(table("fee_totals"), annotation, len)
    assert failure_of(result) == (
        f"The argument 'argument' is {told}: annotate it pd.DataFrame, pa.Table or duckdb.DuckDBPyRelation."
    )


def test_a_table_that_is_not_there_is_one_sentence_when_the_definitions_load() -> None:
    with pytest.raises(SettingError, match=r"^There is no table 'refunds' in the lake: name one of transactions, "):
        table("refunds")


def test_it_writes_nothing(downstream: Downstream, filled: Lake) -> None:
    @dg.asset(ins={"fees": table("fee_totals")}, io_manager_key=TABLES)
    def keeper(fees: pa.Table) -> pa.Table:
        return fees

    before = {path: filled.storage.read(path) for path in filled.storage.paths("")}
    sentence = "The resource 'rutter_tables' reads the lake alone: name another io_manager_key for outputs."
    assert failure_of(downstream.execute(keeper)) == sentence
    assert {path: filled.storage.read(path) for path in filled.storage.paths("")} == before
