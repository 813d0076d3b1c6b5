"""`rutter-assets as-of`: what was known when, for whoever asks."""

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from rutter_assets.lake.lake import Lake
from rutter_assets.marts.mart import MARTS, read
from tests.cli.command import run
from tests.cli.conftest import Synced


@pytest.mark.parametrize("mart", MARTS)
def test_as_of_now_it_prints_the_mart_with_all_its_digits(synced: Synced, mart: str) -> None:
    now = datetime.now(UTC).isoformat()
    result = run("as-of", mart, "--at", now, "--from", "2025-10-25", env=synced.env)
    assert result.exit_code == 0, result.output
    printed = list(csv.DictReader(io.StringIO(result.stdout)))
    rows = read(Lake.open(str(synced.lake), buckets=1, source="sandbox"), MARTS[mart]).to_pylist()
    expected = [row for row in rows if str(row["date"]) >= "2025-10-25"]
    assert [Decimal(row["gross_volume"]) for row in printed] == [row["gross_volume"] for row in expected]
    assert [row["date"] for row in printed] == [str(row["date"]) for row in expected]
    assert len(printed) > 10


def test_as_of_a_time_before_the_first_load_there_is_only_the_head(synced: Synced) -> None:
    before = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    result = run("as-of", "fee_totals", "--at", before, env=synced.env)
    assert result.stdout.splitlines() == [",".join(MARTS["fee_totals"].schema.names)]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("fees", "--at", "2026-11-01T12:00:00Z"), "There is no mart 'fees': give one of fee_totals, refund_ratios"),
        (("fee_totals", "--at", "yesterday"), "--at is 'yesterday': give an instant with its offset"),
        (("fee_totals", "--at", "2026-11-01"), "--at is '2026-11-01': give an instant with its offset"),
        (("fee_totals", "--at", "2026-11-01T12:00:00Z", "--from", "x"), "--from is 'x': give a UTC date"),
    ],
)
def test_an_argument_that_makes_no_sense_is_one_sentence(
    synced: Synced, arguments: tuple[str, ...], sentence: str
) -> None:
    result = run("as-of", *arguments, env=synced.env)
    assert result.exit_code == 2
    assert sentence in result.stderr
