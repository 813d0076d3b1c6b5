"""The soak in its short form; `make soak` runs it for ten minutes with 300 connections."""

from pathlib import Path

import pytest

from tests.soak.soak import Shape, Soak

pytestmark = pytest.mark.chaos


def test_overlapping_updates_over_a_failing_wire_end_in_the_truth(tmp_path: Path) -> None:
    shape = Shape(connections=30, rows=20, days=5, changes_per_hour=0.1, workers=2, hour_s=0.8, night_hours=4)
    soak = Soak(shape, tmp_path / "soak", lambda _: None)
    assert soak.run(minutes=0.1) == []
    assert soak.tally.faults > 0
    assert soak.tally.runs["update"] >= 3
    assert soak.tally.runs["reread"] >= 1
