"""`rutter-assets status`: what a person sees on a terminal, and what a script reads."""

import re
from pathlib import Path

from rutter_assets.sandbox import Truth, World
from tests.cli.command import embedded, on_a_terminal, run
from tests.cli.conftest import Synced


def test_each_connection_is_one_line_with_its_gate_coverage_and_rows(
    synced: Synced, world: World, truth: Truth
) -> None:
    said = run("status", env=synced.env)
    assert said.exit_code == 0, said.output
    heads, *lines = said.stdout.splitlines()
    assert re.split(r"\s{2,}", heads) == [
        "MERCHANT", "ID", "PLATFORM", "GATE", "COVERED", "ROWS", "LAST SYNC", "LAG", "WHAT TO DO",
    ]  # fmt: skip
    assert len(lines) == len(world.merchants)
    cells = {line[1]: line for line in (re.split(r"\s{2,}", line) for line in lines)}
    for merchant in world.merchants:
        name, _, platform, gate, covered, rows, last, lag, to_do = cells[merchant.id]
        assert (name, platform) == (merchant.name, merchant.platform)
        if gate == "open":
            expected = [row for row in truth.transactions(merchant.id) if f"{row['created_at'].date()}" >= "2025-10-20"]
            assert (covered, rows) == ("2025-10-20 to 2025-11-02", f"{len(expected):,}")
            assert (last, lag, to_do) == ("synced, 0 s ago", "0 s", "-")
        else:
            assert (covered, rows, last, lag) == ("-", "0", f"{gate}, 0 s ago", "-")
            assert to_do.endswith(".")


def test_a_link_is_shown_to_a_person_and_where_it_is_asked_for_and_nowhere_else(synced: Synced) -> None:
    assert "link.rutter.example" not in run("status", env=synced.env).output
    asked = run("status", "--links", env=synced.env).stdout
    assert len(re.findall(r"https://link\.rutter\.example/\S+", asked)) == 2
    seen = on_a_terminal("status", env=synced.env)
    assert len(re.findall(r"https://link\.rutter\.example/\S+", seen)) == 2


def test_on_a_terminal_no_line_of_the_table_is_longer_than_80_columns(synced: Synced, world: World) -> None:
    seen = on_a_terminal("status", env=synced.env).rpartition("\x1b[2K")[2]
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in seen.splitlines()]
    table = lines[: 1 + 2 * len(world.merchants)]
    assert max(map(len, table)) <= 80
    assert {merchant.id for merchant in world.merchants} <= set(re.findall(r"[0-9a-f-]{36}", "\n".join(table)))
    assert any(line.startswith("Forgetful Locksmiths (sample): The merchant must log in again") for line in lines)


def test_a_new_lake_has_a_status_too(tmp_path: Path) -> None:
    said = run("status", env=embedded(tmp_path / "lake"))
    assert said.exit_code == 0
    assert re.search(r"^Dune & Date Traders \(sample\) .* open +- +0 +- +-", said.stdout, re.MULTILINE)
