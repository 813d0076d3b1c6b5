"""`rutter-assets demo`: what it prints is the truth to the last digit, and the line it gives opens the files."""

import re
import subprocess
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from rutter_assets.cli.demo import duckdb_line
from rutter_assets.sandbox import Truth, World
from tests.cli.command import embedded, exact, run_apart

pytestmark = pytest.mark.long

START = date(2025, 10, 20)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder that a demo ran in, with everything at its relative default, and what it printed."""
    here = tmp_path_factory.mktemp("demo")
    ran = run_apart("demo", env=embedded(Path("data/lake")), cwd=here)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    return here, ran.stdout


def test_the_printed_totals_are_the_truth_to_the_last_digit(demo: tuple[Path, str], truth: Truth, world: World) -> None:
    names = {merchant.id: merchant.name for merchant in world.merchants}
    expected: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    for mart, column, place in (
        (truth.fee_totals, "gross_volume", 0),
        (truth.fee_totals, "fees_total", 1),
        (truth.refund_ratios, "refund_amount", 2),
    ):
        for one in mart(from_date=START):
            if f"  {names[one['connection_id']]}: " not in demo[1]:  # its gate is open
                expected[names[one["connection_id"]], one["iso_currency_code"]][place] += one[column]
    assert len(expected) >= 10
    assert _printed(demo[1]) == {
        key: (exact(sales), exact(fees), exact(refunds), f"{refunds / sales * 100:.2f} %")
        for key, (sales, fees, refunds) in expected.items()
    }


def test_who_waits_and_why_is_told(demo: tuple[Path, str]) -> None:
    assert "  Slowpoke Records (sample): Rutter is still in its initial sync of this merchant.\n" in demo[1]
    assert "  Forgetful Locksmiths (sample): The merchant must log in again through the connection's link.\n" in demo[1]
    assert "link.rutter.example" not in demo[1]


def test_where_nobody_looks_there_are_plain_lines_and_none_of_dagster_s_own(demo: tuple[Path, str]) -> None:
    assert "\x1b" not in demo[1]
    assert "RUN_START" not in demo[1]
    assert "Reading 10 connections, about " in demo[1]
    assert "make dev" in demo[1]


def test_the_page_it_names_is_there(demo: tuple[Path, str]) -> None:
    (page,) = re.findall(r"^  (/.*/report\.html)$", demo[1], re.MULTILINE)
    assert Path(page) == demo[0] / "data" / "lake" / "report.html"
    assert "Forgetful Locksmiths (sample)" in Path(page).read_text()


def test_the_line_that_is_given_opens_the_files_in_duckdb(demo: tuple[Path, str]) -> None:
    (line,) = re.findall(r"^  (.*import duckdb.*)$", demo[1], re.MULTILINE)
    opened = subprocess.run(line, shell=True, cwd=demo[0], capture_output=True, text=True, timeout=30)  # noqa: S602
    assert opened.returncode == 0, opened.stderr
    assert "iso_currency_code" in opened.stdout
    assert "2025-1" in opened.stdout


def test_the_line_survives_a_path_that_a_shell_would_take_apart() -> None:
    line = duckdb_line('my lake\'s "best" $HOME')
    code = subprocess.run(f"printf %s {line.partition(' -c ')[2]}", shell=True, capture_output=True, text=True).stdout  # noqa: S602
    assert 'read_parquet("my lake\'s \\"best\\" $HOME/transactions/**/*.parquet")' in code


def _printed(said: str) -> dict[tuple[str, str], tuple[str, ...]]:
    """The table's figures, by merchant and currency, without the commas between thousands."""
    rows = re.findall(r"^(\S.*?)  +([A-Z]{3})  +([\d.,-]+)  +([\d.,-]+)  +([\d.,-]+)  +([\d.]+ %)$", said, re.MULTILINE)
    return {
        (name, code): (*(exact(Decimal(figure.replace(",", ""))) for figure in figures), ratio)
        for name, code, *figures, ratio in rows
    }
