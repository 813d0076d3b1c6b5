"""The ledger: coverage is exact, and a broken file says so."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rutter_assets.errors import LakeError
from rutter_assets.lake import ledger as ledgers
from rutter_assets.lake.ledger import Covered, Ledger, cover

START = datetime(2026, 1, 1, tzinfo=UTC)
PIECES = st.tuples(st.integers(0, 50), st.integers(1, 20), st.integers(0, 5)).map(
    lambda p: Covered(*(START + timedelta(hours=n) for n in (p[0], p[0] + p[1], 1000 + p[2])))
)


@given(st.lists(PIECES, max_size=8))
def test_every_instant_is_covered_by_its_latest_read(pieces: list[Covered]) -> None:
    covered: tuple[Covered, ...] = ()
    for piece in pieces:
        covered = cover(covered, piece)
    for hour in range(75):
        instant = START + timedelta(hours=hour)
        reads = [piece.read_at for piece in pieces if piece.start <= instant < piece.end]
        found = [piece.read_at for piece in covered if piece.start <= instant < piece.end]
        assert found == ([max(reads)] if reads else [])


@given(st.lists(PIECES, max_size=8), st.randoms())
def test_the_order_of_reads_does_not_matter(pieces: list[Covered], random: object) -> None:
    shuffled = pieces.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert _all(pieces) == _all(shuffled)


def test_a_ledger_reads_back_as_it_was_written() -> None:
    ledger = Ledger(connection_id="c", platform="EBAY", covered=_all([Covered(START, START + timedelta(1), START)]))
    assert ledgers.decode(ledgers.encode(ledger), "ledger/c.json") == ledger


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"format":2,"connection_id":"c","platform":"p"}', b"[]"])
def test_a_broken_ledger_names_itself_and_the_mend(content: bytes) -> None:
    with pytest.raises(LakeError, match=r"ledger/c\.json .* remove it"):
        ledgers.decode(content, "ledger/c.json")


def _all(pieces: list[Covered]) -> tuple[Covered, ...]:
    covered: tuple[Covered, ...] = ()
    for piece in pieces:
        covered = cover(covered, piece)
    return covered
