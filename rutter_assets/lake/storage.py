"""Bytes at a path, whole or not at all: what the lake needs of the place it lies in.

A path is relative to the lake, with `/` between its parts.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

Change = Callable[[bytes | None], bytes | None]
"""The new content for the present one (null: there is no file); null removes the file."""


class Storage(Protocol):
    """What the lake needs of the place it lies in."""

    guard: Callable[[], None]
    """Called before each write, with nobody in between; what it raises keeps the file as it was."""

    def read(self, path: str) -> bytes | None:
        """The file's bytes; null when there is no such file."""
        ...

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""
        ...

    def write(self, path: str, content: bytes) -> None:
        """Replace the file, whole or not at all."""
        ...

    def build(self, path: str, make: Callable[[Path], None]) -> None:
        """Replace the file, whole or not at all, by the one that `make` puts at the local path it is given."""
        ...

    def change(self, path: str, change: Change) -> bool:
        """Replace the file by what `change` makes of it, with nobody in between; true when the bytes differ."""
        ...

    def alone(self, name: str) -> AbstractContextManager[object]:
        """A block in which one process at a time is, of those that give this name; in an object store, all may be."""
        ...

    def wait_for_writers(self) -> None:
        """Return once every write that has passed its guard is done."""
        ...

    def delete(self, path: str) -> None:
        """Remove the file if it is there."""
        ...

    def paths(self, prefix: str) -> Iterator[str]:
        """Every file below the folder `prefix`, in order."""
        ...

    def uri(self, path: str) -> str:
        """Where the file lies, as other engines name it."""
        ...

    @property
    def owner(self) -> str:
        """A name for this process, under which it stages what is not yet recorded."""
        ...

    def is_abandoned(self, owner: str) -> bool:
        """Whether the process of that name has certainly ended."""
        ...
