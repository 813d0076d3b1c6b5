"""A lake in a folder of a local disk.

A file is written beside, synced and renamed. One process at a time changes a file, held by a lock file. Each process
that writes holds a lock of its own while it lives, so that what a killed one left behind is known and removed.
"""

import atexit
import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from rutter_assets.errors import SettingError
from rutter_assets.lake.storage import Change

_LOCKS: Final = 64


class LocalStorage:
    """A folder on a local disk."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self._beside = self._root / "_staging" / "beside"
        self._locks = self._root / "_staging" / "locks"
        try:
            self._locks.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._locks):
                pass
        except OSError as error:
            raise SettingError(
                f"RUTTER_LAKE is {str(root)!r}, where nothing can be written ({error.strerror}):"
                " give a folder of your own."
            ) from None
        for folder in self._beside.glob("*"):
            if self.is_abandoned(folder.name):
                shutil.rmtree(folder, ignore_errors=True)

    @property
    def owner(self) -> str:
        return _own(self._root)

    def is_abandoned(self, owner: str) -> bool:
        lock = FileLock(_owner_lock(self._root, owner))
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return False
        lock.release()
        _owner_lock(self._root, owner).unlink(missing_ok=True)
        return True

    def read(self, path: str) -> bytes | None:
        try:
            return (self._root / path).read_bytes()
        except FileNotFoundError:
            return None

    def exists(self, path: str) -> bool:
        return (self._root / path).is_file()

    def write(self, path: str, content: bytes) -> None:
        target = self._root / path
        handle, beside = tempfile.mkstemp(dir=self._beside / self.owner)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            self._put_in_place(Path(beside), target)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise

    def build(self, path: str, make: Callable[[Path], None]) -> None:
        with tempfile.TemporaryDirectory(dir=self._beside / self.owner) as folder:
            made = Path(folder) / Path(path).name
            make(made)
            with made.open("rb") as file:
                os.fsync(file.fileno())
            self._put_in_place(made, self._root / path)

    def change(self, path: str, change: Change) -> bool:
        with self._lock(path):
            old = self.read(path)
            new = change(old)
            if new == old:
                return False
            if new is None:
                self.delete(path)
            else:
                self.write(path, new)
            return True

    def alone(self, name: str) -> AbstractContextManager[object]:
        return FileLock(self._locks / name)

    def delete(self, path: str) -> None:
        file = self._root / path
        file.unlink(missing_ok=True)
        for folder in file.relative_to(self._root).parents:
            try:
                (self._root / folder).rmdir()
            except OSError:
                break  # it holds other files, or is the last: never an empty folder is left

    def paths(self, prefix: str) -> Iterator[str]:
        for file in sorted((self._root / prefix).rglob("*")):
            if file.is_file():
                yield file.relative_to(self._root).as_posix()

    def uri(self, path: str) -> str:
        return str(self._root / path)

    @staticmethod
    def _put_in_place(beside: Path, target: Path) -> None:
        while True:
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                beside.replace(target)
            except FileNotFoundError:
                if not beside.exists():
                    raise
                continue  # the folder was removed as empty in between
            return

    def _lock(self, path: str) -> FileLock:
        number = int.from_bytes(hashlib.sha256(path.encode()).digest()[:4]) % _LOCKS
        return FileLock(self._locks / f"{number:02d}", poll_interval=0.005)


@cache
def _own(root: Path) -> str:
    """This process's name in a lake, held by a lock until the process ends."""
    name = uuid.uuid4().hex
    lock = FileLock(_owner_lock(root, name))
    lock.acquire()
    folder = root / "_staging" / "beside" / name
    folder.mkdir(parents=True)

    def leave() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
        _owner_lock(root, name).unlink(missing_ok=True)

    atexit.register(leave)
    return name


def _owner_lock(root: Path, owner: str) -> Path:
    return root / "_staging" / "locks" / f"owner-{owner}"
