"""`rutter/transactions`: what a run reads, writes, reports and refuses."""

import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest

from rutter_assets.defs.everything import definitions_of
from rutter_assets.defs.keys import TRANSACTIONS
from rutter_assets.defs.partitions import range_tags
from rutter_assets.lake import layout, parquet, tables
from rutter_assets.sandbox import faults
from rutter_assets.settings import Settings
from tests.defs.conftest import StageOf, sales

BROKEN = faults.answer(400, {"error_code": "INVALID", "error_message": "no"})


def failure_of(result: dg.ExecuteInProcessResult) -> tuple[str, dict[str, dg.MetadataValue[Any]]]:
    """The sentence and the metadata with which a run failed."""
    assert not result.success
    (event,) = [event for event in result.all_events if event.is_step_failure]
    said = event.step_failure_data.user_failure_data
    assert said is not None
    assert said.description is not None
    return said.description, dict(said.metadata)


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file of a lake but its snapshots of what was done, by path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*.parquet"))
        if "_staging" not in path.parts
    }


def check_key(name: str) -> dg.AssetCheckKey:
    return dg.AssetCheckKey(TRANSACTIONS, name)


def test_a_range_reports_the_days_that_have_rows_and_no_other(stage_of: StageOf) -> None:
    stage = stage_of(sales(4, 2))
    assert stage.read(6, 0).success
    assert stage.reported("transactions") == [stage.day(4), stage.day(2)]


def test_a_day_is_reported_with_its_figures(stage_of: StageOf) -> None:
    yen = sales(4, name="Yuzu (sample)", iso_currency_code="JPY", amount=7)
    stage = stage_of(sales(4), yen)
    stage.read(6, 0)
    told = stage.metadata("transactions", stage.day(4))
    assert (told["rows"], told["connections"], told["is_changed"]) == (4, 2, True)
    assert told["amount"] == {"EUR": "801.000000000", "JPY": "14.000000000"}
    assert told["file_bytes"] > 0
    assert told["run_requests"] == len(stage.sandbox.requests)
    assert told["run_received_bytes"] > 0


def test_days_that_are_reported_are_acknowledged_so_that_no_later_run_reports_them_again(stage_of: StageOf) -> None:
    stage = stage_of(sales(4, 2))
    stage.read(6, 0)
    assert list(stage.lake.storage.paths(layout.NOTICES)) == []


def test_one_day_alone_works(stage_of: StageOf) -> None:
    stage = stage_of(sales(4, 2))
    assert stage.run("read_transactions", tags={"dagster/partition": str(stage.day(2))}).success
    assert stage.reported("transactions") == [stage.day(2)]


def test_the_same_range_twice_changes_no_byte_of_the_lake(stage_of: StageOf) -> None:
    stage = stage_of(sales(4, 2, 0))
    stage.read(6, 0)
    before = bytes_of(Path(stage.settings.lake))
    assert stage.read(6, 0).success
    assert bytes_of(Path(stage.settings.lake)) == before
    assert stage.metadata("transactions", stage.day(2))["is_changed"] is False


def test_a_closed_gate_is_skipped_and_the_others_are_read(stage_of: StageOf) -> None:
    stage = stage_of(sales(2), sales(3, name="Slow (sample)", status="not_ready"))
    assert stage.read(6, 0).success
    assert stage.reported("transactions") == [stage.day(2)]


def test_one_merchants_failure_ends_the_run_after_the_others_are_reported(stage_of: StageOf) -> None:
    stage = stage_of(sales(2, name="A (sample)"), sales(4, name="B (sample)"), faults=[BROKEN])
    sentence, metadata = failure_of(stage.read(6, 0))
    assert len(stage.reported("transactions")) == 1
    assert sentence.startswith("1 of 2 connections did not succeed")
    (failed,) = metadata["failed connections"].value.records
    assert "The API calls a parameter wrong" in failed.data["why"]


def test_a_client_secret_that_is_renewed_meanwhile_is_one_sentence(stage_of: StageOf) -> None:
    stage = stage_of(sales(2, name="A (sample)"), sales(4, name="B (sample)"))
    stage.sandbox.script.add(faults.meanwhile(stage.sandbox.renew_client_secret).on("/connections/status"))
    sentence, metadata = failure_of(stage.read(6, 0))
    assert sentence.startswith(
        "The credentials are not accepted: check RUTTER_CLIENT_ID, and whether RUTTER_CLIENT_SECRET was renewed. (GET /"
    )
    assert metadata["error"].value == "CredentialError"
    assert stage.reported("transactions") == []


def read_transactions_job() -> dg.JobDefinition:
    """The job over the environment, where a re-execution finds it."""
    return definitions_of(Settings.from_env()).resolve_job_def("read_transactions")


def test_a_retry_reads_only_what_the_first_try_did_not(stage_of: StageOf) -> None:
    a, b = sales(2, name="A (sample)"), sales(4, name="B (sample)")
    stage = stage_of(a, b, faults=[BROKEN])
    first = stage.read(6, 0)
    refused = {request.connection_id for request in stage.sandbox.requests if request.status == 400}
    stage.sandbox.requests.clear()
    with dg.execute_job(
        dg.reconstructable(read_transactions_job),
        stage.instance,
        run_config=first.dagster_run.run_config,
        tags=range_tags(stage.day(6), stage.day(0)),
        reexecution_options=dg.ReexecutionOptions(parent_run_id=first.run_id),
    ) as retried:
        assert retried.success
    read = {request.connection_id for request in stage.sandbox.requests if request.path == "/transactions"}
    assert read == refused
    assert stage.reported("transactions") == [stage.day(4), stage.day(2)]


def test_an_unknown_connection_in_the_run_config_is_named_in_one_sentence(stage_of: StageOf) -> None:
    stage = stage_of(sales(2))
    sentence, _ = failure_of(stage.read(6, 0, connection_ids=["no-such-id"]))
    assert "names no-such-id, which the API does not list: " in sentence


def test_only_the_connections_of_the_run_config_are_read(stage_of: StageOf) -> None:
    chosen, other = sales(2, name="A (sample)"), sales(3, name="B (sample)")
    stage = stage_of(chosen, other)
    assert stage.read(6, 0, connection_ids=[chosen.id]).success
    assert stage.reported("transactions") == [stage.day(2)]


def test_only_missing_does_not_read_again_what_was_ever_read(stage_of: StageOf) -> None:
    stage = stage_of(sales(4, 2))
    stage.read(5, 3)
    stage.sandbox.requests.clear()
    stage.read(5, 3, only_missing=True)
    assert [request.path for request in stage.sandbox.requests if request.path == "/transactions"] == []


def test_whole_history_reads_from_the_configured_start_and_reports_the_days_outside_of_the_range(
    stage_of: StageOf,
) -> None:
    stage = stage_of(merchant := sales(4, 0))
    assert stage.read(0, 0, whole_history=True).success
    assert stage.reported("transactions") == [stage.day(4), stage.day(0)]
    ledger = stage.lake.ledger(merchant.id)
    assert ledger is not None
    assert ledger.history_loaded_at is not None


def test_force_fetch_marks_what_it_reads_as_provisional(stage_of: StageOf) -> None:
    stage = stage_of(merchant := sales(2, status="not_ready"))
    assert stage.read(6, 0, force_fetch=True, connection_ids=[merchant.id]).success
    (rows,) = stage.lake.transactions([stage.day(2)], ["is_provisional"])
    assert set(rows["is_provisional"].to_pylist()) == {True}


def test_an_unwritable_lake_is_one_sentence_before_any_request(stage_of: StageOf, tmp_path: Path) -> None:
    stage = stage_of(sales(2))
    (tmp_path / "lake").write_text("a file is no folder")
    sentence, _ = failure_of(stage.read(6, 0))
    assert sentence.startswith("RUTTER_LAKE is ")
    assert stage.sandbox.requests == []


def test_good_rows_pass_every_check(stage_of: StageOf) -> None:
    stage = stage_of(sales(4, 2))
    evaluations = stage.read(6, 0).get_asset_check_evaluations()
    assert {one.check_name: one.passed for one in evaluations} == {
        "unique_id_per_connection": True,
        "created_at_inside_partition": True,
        "known_currency": True,
        "unclassified_under_half_a_percent": True,
    }


@pytest.mark.parametrize(
    ("fields", "check"),
    [
        ({"iso_currency_code": None}, "known_currency"),
        ({"iso_currency_code": "ZZZ"}, "known_currency"),
        ({"type": "novelty"}, "unclassified_under_half_a_percent"),
    ],
)
def test_what_merchants_send_amiss_is_a_warning(stage_of: StageOf, fields: dict[str, Any], check: str) -> None:
    stage = stage_of(sales(2, **fields))
    evaluations = {one.check_name: one for one in stage.read(6, 0).get_asset_check_evaluations()}
    assert [name for name, one in evaluations.items() if not one.passed] == [check]
    assert evaluations[check].severity == dg.AssetCheckSeverity.WARN


def test_a_row_in_the_file_of_another_day_fails_its_check(stage_of: StageOf) -> None:
    stage = stage_of(sales(4, 2))
    stage.read(6, 0)
    folder = Path(stage.settings.lake) / "transactions"
    shutil.copytree(folder / f"date={stage.day(2)}", folder / f"date={stage.day(3)}")
    found = stage.run_checks(check_key("created_at_inside_partition"))["created_at_inside_partition"]
    assert not found.passed
    assert found.severity == dg.AssetCheckSeverity.ERROR


def test_a_repeated_id_fails_its_check(stage_of: StageOf) -> None:
    stage = stage_of(sales(2))
    stage.read(6, 0)
    (rows,) = stage.lake.transactions()
    twice = parquet.to_bytes(pa.concat_tables([rows, rows.slice(0, 1)]), tables.TRANSACTIONS)
    stage.lake.storage.write(layout.transactions(stage.day(2), 0), twice)
    assert not stage.run_checks(check_key("unique_id_per_connection"))["unique_id_per_connection"].passed


def test_a_check_by_itself_looks_at_every_day_and_asks_the_api_nothing(stage_of: StageOf) -> None:
    stage = stage_of(sales(4, 2))
    stage.read(6, 0)
    stage.sandbox.requests.clear()
    found = stage.run_checks(check_key("known_currency"))["known_currency"]
    assert found.metadata["rows"].value == 4
    assert stage.sandbox.requests == []
