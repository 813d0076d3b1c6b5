"""Progress as a person sees it: bars on a terminal, few lines elsewhere."""

from io import StringIO
from threading import Thread

from rich.console import Console

from rutter_assets.cli.progress import Bars, Lines, shown_on
from rutter_assets.ingest.progress import Work


def _terminal(height: int = 20) -> Console:
    return Console(file=StringIO(), force_terminal=True, width=80, height=height, color_system=None)


def _drawn(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def _two_merchants(progress: Bars | Lines) -> None:
    with progress:
        progress.planned([Work("a", "Anvil & Co", 1_000, 2), Work("b", "Bellows", None, 1)])
        for _ in range(3):
            progress.page("a", 500)
        progress.page("b", 40)
        progress.read("a")
        progress.read("b")
        progress.committing(3)
        worker = Thread(target=lambda: [progress.committed_day() for _ in range(3)])
        worker.start()
        worker.join()
        progress.stage("Computing fee_totals of 3 days")


def test_every_merchant_has_a_bar_with_its_rows_and_the_day_files_have_one() -> None:
    console = _terminal()
    _two_merchants(Bars(console))
    last = _drawn(console).rpartition("Anvil & Co")[2]
    assert " 1,500 rows" in last
    assert " 40 rows" in last
    assert " 3 days" in last


def test_what_a_page_has_put_on_the_screen_goes_away_when_the_block_ends() -> None:
    console = _terminal()
    _two_merchants(Bars(console))
    assert _drawn(console).endswith("\x1b[1A\x1b[2K")


def test_more_merchants_than_the_terminal_has_lines_are_shown_in_turns() -> None:
    console = _terminal(height=9)
    bars = Bars(console)
    with bars:
        bars.planned([Work(str(n), f"Merchant {n:02d}", 500, 1) for n in range(40)])
        for n in range(40):
            bars.page(str(n), 500)
            bars.read(str(n))
        assert _drawn(console).count("Merchant 39") <= 1
        bars.stage("Computing")
    assert "Merchant 00" in _drawn(console)


def test_lines_come_at_each_stage_and_not_for_every_page() -> None:
    console = Console(file=StringIO(), width=80)
    _two_merchants(Lines(console, every_s=3_600))
    assert _drawn(console).splitlines() == [
        "Reading 2 connections, about 1,000 rows by the API's count.",
        "Read 1,540 rows; writing up to 3 day files.",
        "Computing fee_totals of 3 days.",
    ]


def test_within_a_stage_a_line_comes_once_its_time_has_come() -> None:
    console = Console(file=StringIO(), width=80)
    _two_merchants(Lines(console, every_s=0))
    lines = _drawn(console).splitlines()
    assert lines[1].startswith("Reading: 500 rows, ")
    assert lines[1].endswith("/s, 0 of 2 connections done.")
    assert "Writing: 3 of up to 3 day files done." in lines


def test_a_terminal_gets_bars_and_a_pipe_gets_lines() -> None:
    assert isinstance(shown_on(_terminal()), Bars)
    assert isinstance(shown_on(Console(file=StringIO())), Lines)
