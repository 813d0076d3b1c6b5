"""`rutter-assets report`: a page of what the lake holds, and one sentence."""

import re
from pathlib import Path

from tests.cli.command import embedded, run
from tests.cli.conftest import Synced


def test_it_writes_the_page_and_says_where_it_lies(synced: Synced) -> None:
    said = run("report", env=synced.env)
    assert said.exit_code == 0, said.output
    found = re.fullmatch(r"Wrote (.+) \(\d\.\d MB\): (\d+) merchants\.\n", said.stdout)
    assert found, said.stdout
    page = Path(found[1]).read_text()
    assert "Moss &amp; Muddle Gardens (sample)" in page
    assert "that Rutter counted at 2025-11-02" in page, "completeness is judged"
    assert "link.rutter.example" not in page


def test_a_new_lake_has_a_page_too_and_is_told_what_to_do(tmp_path: Path) -> None:
    said = run("report", env=embedded(tmp_path / "lake"))
    assert said.exit_code == 0, said.output
    assert "0 merchants" in said.stdout
    assert "run `rutter-assets demo`" in said.stdout
    assert (tmp_path / "lake" / "report.html").exists()
