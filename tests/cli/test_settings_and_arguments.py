"""What is wrong in a setting or an argument: one sentence each, exit code 2, and nothing asked of the API."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rutter_assets.sandbox import Merchant
from tests.cli.command import embedded, pointed_at, run, run_apart
from tests.conftest import ServeWorld, row

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()

WRONG_SETTINGS = {
    "half of the credentials": ({"RUTTER_CLIENT_SECRET": ""}, "RUTTER_CLIENT_SECRET is missing while RUTTER_CLIENT_ID"),
    "a start date that is none": ({"RUTTER_START_DATE": "2025-13-01"}, "RUTTER_START_DATE is '2025-13-01': give a UTC"),
    "a start date to come": ({"RUTTER_START_DATE": TOMORROW}, f"RUTTER_START_DATE is '{TOMORROW}': give a UTC date of"),
    "plain http to elsewhere": (
        {"RUTTER_BASE_URL": "http://rutter.example/versioned"},
        "RUTTER_BASE_URL is 'http://rutter.example/versioned': give an https URL",
    ),
    "no url": ({"RUTTER_BASE_URL": "rutter"}, "RUTTER_BASE_URL is 'rutter': give an https URL"),
    "a pace that is no number": (
        {"RUTTER_REQUESTS_PER_10S": "many"},
        "RUTTER_REQUESTS_PER_10S is 'many': give a whole",
    ),
    "an unknown kind of lake": ({"RUTTER_LAKE": "ftp://lake"}, "RUTTER_LAKE names the scheme ftp://: give a folder"),
}

WRONG_ARGUMENTS = {
    "from after to": (["--from", "2025-10-25", "--to", "2025-10-24"], "--from 2025-10-25 is after --to 2025-10-24"),
    "from that is no date": (["--from", "yesterday"], "--from is 'yesterday': give a UTC date as YYYY-MM-DD"),
    "to that is to come": (["--to", TOMORROW], f"--to is {TOMORROW}, but today is "),
    "from before the start": (
        ["--from", "2025-10-19"],
        "--from is 2025-10-19, before RUTTER_START_DATE, which is 2025",
    ),
}


@pytest.mark.parametrize("command", ["sync", "status"])
@pytest.mark.parametrize(("settings", "sentence"), WRONG_SETTINGS.values(), ids=WRONG_SETTINGS)
def test_a_wrong_setting_is_one_sentence_before_any_request(
    serve: ServeWorld, tmp_path: Path, command: str, settings: dict[str, str], sentence: str
) -> None:
    sandbox = serve(Merchant.of([row(1)]))
    result = run(command, env=pointed_at(sandbox, tmp_path / "lake", **settings))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"rutter-assets: {sentence}")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert not sandbox.requests


@pytest.mark.parametrize(("arguments", "sentence"), WRONG_ARGUMENTS.values(), ids=WRONG_ARGUMENTS)
def test_a_wrong_argument_is_one_sentence_before_any_request(
    serve: ServeWorld, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    sandbox = serve(Merchant.of([row(1)]))
    result = run("sync", *arguments, env=pointed_at(sandbox, tmp_path / "lake"))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"rutter-assets: {sentence}")
    assert result.stderr.count("\n") == 1
    assert not sandbox.requests


def test_a_lake_that_cannot_be_written_is_one_sentence_before_any_request(serve: ServeWorld, tmp_path: Path) -> None:
    sandbox = serve(Merchant.of([row(1)]))
    (tmp_path / "file").write_text("")
    result = run("sync", env=pointed_at(sandbox, tmp_path / "file" / "lake"))
    assert result.exit_code == 2
    assert result.stderr.startswith(
        f"rutter-assets: RUTTER_LAKE is '{tmp_path}/file/lake', where nothing can be written"
    )
    assert result.stderr.count("\n") == 1
    assert not sandbox.requests


def test_an_unknown_connection_is_one_sentence_before_any_transaction_is_asked_for(
    serve: ServeWorld, tmp_path: Path
) -> None:
    sandbox = serve(Merchant.of([row(1)]))
    result = run("sync", "--connection", "nobody", env=pointed_at(sandbox, tmp_path / "lake"))
    assert result.exit_code == 2
    assert result.stderr.startswith("rutter-assets: connection_ids (--connection) names nobody, which the API does not")
    assert result.stderr.count("\n") == 1
    assert [request.path for request in sandbox.requests] == ["/connections"]


def test_a_start_date_after_the_frozen_clock_is_one_sentence(tmp_path: Path) -> None:
    result = run("sync", env=embedded(tmp_path / "lake", start="2025-11-03"))
    assert result.exit_code == 2
    assert result.stderr == (
        "rutter-assets: RUTTER_START_DATE is 2025-11-03, but today is 2025-11-02: give a UTC date of the past.\n"
    )


def test_a_process_of_its_own_says_and_returns_the_same(tmp_path: Path) -> None:
    result = run_apart("sync", env=embedded(tmp_path / "lake", start="never"))
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr == (
        "rutter-assets: RUTTER_START_DATE is 'never': give a UTC date of the past as YYYY-MM-DD, such as 2024-01-01.\n"
    )


def test_help_documents_every_exit_code() -> None:
    said = run("sync", "--help", env={}).stdout
    codes = [line.split()[0] for line in said.partition("Exit codes:")[2].splitlines() if line[4:5].isdigit()]
    assert codes == ["0", "1", "2", "3", "4", "70", "130"]


def test_the_sandbox_says_in_one_sentence_that_its_port_is_taken(serve: ServeWorld) -> None:
    port = serve(Merchant.of([row(1)])).base_url.split(":")[2].split("/")[0]
    result = run_apart("sandbox", "--port", port, env={})
    assert result.returncode == 2
    assert result.stderr == (
        "rutter-assets: The sandbox cannot listen on --port (Address already in use): give a free port, or 0.\n"
    )
