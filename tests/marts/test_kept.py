"""What is kept of a mart saves time and decides nothing: with it and without it the files come out the same."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rutter_assets.errors import LakeError
from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.objects import ObjectStorage
from rutter_assets.marts.mart import MARTS, Mart, compute, read
from tests.marts.given import NOON, rows_of, store, transaction
from tests.marts.histories import DAYS, History

RATIOS, COHORTS = MARTS["refund_ratios"], MARTS["refund_cohorts"]
HISTORIES = max(2, int(os.environ.get("CASES", "0")) // 500)
"""A history costs as much time as some hundreds of the inputs that CASES counts."""
_STEPS = 3
KILLS = int(os.environ.get("KILLS", "20")) // 5
"""A fifth of those that a load of the lake goes through: each is a process of its own."""


def kept_file(lake: Lake, mart: Mart) -> Path:
    (path,) = (path for path in lake.storage.paths(layout.KEPT) if f"/{mart.name}-" in path)
    return Path(lake.storage.uri(path))


def in_full(history: History, mart: Mart, known_on: date) -> list[dict[str, object]]:
    """The mart of the history's transactions in an object store, where nothing is ever kept."""
    store_ = Lake(ObjectStorage("memory:///"), buckets=1)
    history.write_into(store_)
    compute(store_, mart, mart.reached_by(DAYS), known_on)
    rows: list[dict[str, object]] = read(store_, mart).to_pylist()
    return rows


def _cut(file: Path) -> None:
    with file.open("r+b") as content:
        content.truncate(file.stat().st_size // 2)


HARM: dict[str, Callable[[Path], object]] = {
    "removed": Path.unlink,
    "cut": _cut,
    "empty": lambda file: file.write_bytes(b""),
    "foreign": lambda file: file.write_bytes(b"no database at all" * 1000),
    "of another version": lambda file: file.rename(
        file.with_name(f"{file.name.split('-')[0]}-0123456789abcdef.duckdb")
    ),
}


@pytest.mark.chaos
@pytest.mark.parametrize("mart", [RATIOS, COHORTS], ids=lambda mart: mart.name)
@settings(max_examples=HISTORIES, deadline=None, database=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_after_any_changes_the_files_are_those_of_a_full_computation(mart: Mart, seed: int) -> None:
    chance = Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake.open(folder, buckets=1, source="sandbox")
        history = History(lake, chance)
        history.begin()
        compute(lake, mart, mart.reached_by(DAYS), DAYS[-1])
        for _ in range(_STEPS):
            if chance.random() < 0.15:
                chance.choice(list(HARM.values()))(kept_file(lake, mart))
            changed = history.go_on()
            known_on = chance.choice([DAYS[-1] + timedelta(days=number) for number in (-6, 0, 1, 2, 8, 40)])
            compute(lake, mart, mart.reached_by(changed), known_on)
            assert read(lake, mart).to_pylist() == in_full(history, mart, known_on)


def _five_days(lake: Lake) -> list[date]:
    """A sale a day, and on the last day a refund of the first."""
    sales = [transaction(order_id=f"order {n}", amount="10", created_at=NOON + timedelta(days=n)) for n in range(5)]
    refund = transaction(type="refund", order_id="order 0", amount="4", created_at=NOON + timedelta(days=4, hours=1))
    return store(lake, *sales, refund)


@pytest.mark.parametrize("mart", [RATIOS, COHORTS], ids=lambda mart: mart.name)
def test_a_day_that_did_not_change_is_not_read(lake: Lake, mart: Mart) -> None:
    days = _five_days(lake)
    compute(lake, mart, days)
    expected = rows_of(lake, mart.name)
    for path in lake.transaction_files(days[:4]):
        _spoil(Path(lake.storage.uri(path)))
    assert not any(day.is_changed for day in compute(lake, mart, days))
    store(lake, transaction(amount="7", created_at=NOON + timedelta(days=4)))  # without the refund of day 0
    if mart is RATIOS:
        compute(lake, mart, days)
        assert rows_of(lake, mart.name, days[:4]) == expected[:4]
    else:  # the row that is gone leads to the day of its sale
        with pytest.raises(LakeError, match=str(days[0])):
            compute(lake, mart, days)


def _spoil(file: Path) -> None:
    """Other bytes in the same file of the same size and time."""
    about = file.stat()
    with file.open("r+b") as content:
        content.write(b"\0" * about.st_size)
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))


def test_a_mart_file_that_was_harmed_is_mended_though_no_transaction_changed(lake: Lake) -> None:
    days = _five_days(lake)
    for mart in (RATIOS, COHORTS):
        compute(lake, mart, days)
        expected = rows_of(lake, mart.name)
        lake.storage.write(layout.mart(mart.name, days[0]), b"broken")
        lake.storage.delete(layout.mart(mart.name, days[1]))
        other_day = lake.storage.read(layout.mart(mart.name, days[3]))
        lake.storage.write(layout.mart(mart.name, days[2]), other_day or b"")
        changed = [day.day for day in compute(lake, mart, days) if day.is_changed]
        assert days[:2] == changed[:2]
        assert rows_of(lake, mart.name) == expected


@pytest.mark.parametrize("harm", HARM.values(), ids=HARM)
def test_harm_to_what_is_kept_is_no_harm_to_the_mart(lake: Lake, harm: Callable[[Path], object]) -> None:
    days = _five_days(lake)
    compute(lake, COHORTS, days)
    expected = rows_of(lake, "refund_cohorts")
    harm(kept_file(lake, COHORTS))
    assert not any(day.is_changed for day in compute(lake, COHORTS, days))
    compute(lake, COHORTS, days)
    assert rows_of(lake, "refund_cohorts") == expected
    assert kept_file(lake, COHORTS).stat().st_size > 0
    assert len(list(lake.storage.paths(layout.KEPT))) == 1


def test_an_object_store_keeps_nothing() -> None:
    store_ = Lake(ObjectStorage("memory:///"), buckets=1)
    compute(store_, COHORTS, _five_days(store_))
    assert list(store_.storage.paths(layout.KEPT)) == []


@pytest.mark.chaos
@pytest.mark.timeout(600)
def test_a_computation_killed_at_any_moment_leaves_what_the_next_one_can_use(tmp_path: Path) -> None:
    chance = Random(20261125)
    lake = Lake.open(str(tmp_path), buckets=1, source="sandbox")
    history = History(lake, chance)
    history.begin()
    compute(lake, COHORTS, DAYS, DAYS[-1])
    started = time.monotonic()
    _start(tmp_path).wait()
    undisturbed_s = time.monotonic() - started
    kills = 0
    while kills < KILLS:
        history.go_on()
        process = _start(tmp_path)
        time.sleep(chance.uniform(0.4, 1.0) * undisturbed_s)
        process.kill()
        kills += process.wait() == -signal.SIGKILL
    history.go_on()
    compute(lake, COHORTS, DAYS, DAYS[-1])
    assert read(lake, COHORTS).to_pylist() == in_full(history, COHORTS, DAYS[-1])


def test_two_computations_at_once_take_turns(tmp_path: Path) -> None:
    lake = Lake.open(str(tmp_path), buckets=1, source="sandbox")
    history = History(lake, Random(20261126))
    history.begin()
    compute(lake, COHORTS, DAYS, DAYS[-1])
    history.go_on()
    assert [process.wait() for process in [_start(tmp_path), _start(tmp_path)]] == [0, 0]
    assert read(lake, COHORTS).to_pylist() == in_full(history, COHORTS, DAYS[-1])


def _start(folder: Path) -> subprocess.Popen[bytes]:
    program = (
        "import sys; from rutter_assets.lake.lake import Lake; from rutter_assets.marts.mart import MARTS, compute;"
        "from tests.marts.histories import DAYS;"
        "lake = Lake.open(sys.argv[1], buckets=1, source='sandbox');"
        "compute(lake, MARTS['refund_cohorts'], DAYS, DAYS[-1])"
    )
    return subprocess.Popen([sys.executable, "-c", program, str(folder)])
