"""Progress as log lines."""

import logging

import pytest

from rutter_assets.ingest.logged import Logged
from rutter_assets.ingest.progress import Work


def test_a_long_sync_is_told_every_few_seconds_and_not_for_every_page(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    seconds = iter(range(1000))
    logged = Logged(logging.getLogger("a run"), every_s=5, clock=lambda: next(seconds))
    logged.planned([Work("a", "A", 1000, 3), Work("b", "B", None, 1)])
    for _ in range(10):
        logged.page("a", 100)
    logged.read("a")
    logged.committing(3)
    lines = [record.getMessage() for record in caplog.records]
    assert lines[0] == "Reading 2 connections in 4 windows."
    assert "Read 500 of about 1000 rows; 0 of 2 connections done." in lines
    assert lines[-1] == "Read 1000 rows; writing the day files."
    assert 3 < len(lines) < 7
