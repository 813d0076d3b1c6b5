"""One state of one transaction, and the sources that states come from."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

__all__ = ["Source", "Version"]


class Version(NamedTuple):
    """A transaction as the API serves it from some instant on, until a later version of the same `id` replaces it.

    Sorts by `(created_ms, id)`, the order of the list endpoint.
    """

    created_ms: int
    id: str
    updated_ms: int
    body: bytes | None
    """The row's JSON text, served as it stands; None from when the row is gone, for which the API has no event."""
    not_before_ms: int = 0
    """The row is held back until this instant, whatever `updated_ms` says (a platform that delivers late)."""


class Source(Protocol):
    """Where a merchant's versions come from: a day generator, a bulk generator, a file, a list.

    A source draws in steps of `step_ms`, so that a world may go on for ever and no more is made than was asked for.
    """

    @property
    def starts_ms(self) -> int:
        """Nothing is drawn before this instant, and the first draw begins with it."""
        ...

    @property
    def step_ms(self) -> int:
        """Draws end at whole multiples of this."""
        ...

    def drawn(self, from_ms: int, to_ms: int) -> Iterable[Version]:
        """All versions, future ones included, that the steps in `[from_ms, to_ms)` bring; a pure function.

        No version may have an `updated_ms` before the step that brings it, except in the source's first step.
        """
        ...
