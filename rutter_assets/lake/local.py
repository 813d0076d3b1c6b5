"""A lake in a folder of a local disk.

A file is written beside, synced and renamed. One process at a time changes a file, held by a lock file. Each process
that writes holds a lock of its own while it lives, so that what a killed one left behind is known and removed. What the
disk refuses is a `LakeError`, said here and nowhere else.
"""

import atexit
import errno
import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from rutter_assets.errors import LakeError, SettingError
from rutter_assets.lake.storage import Change

_LOCKS: Final = 64
DISK_IS_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a disk, a quota and a limit of the process say when nothing more can be written."""


class LocalStorage:
    """A folder on a local disk."""

    def __init__(self, root: Path) -> None:
        self.guard: Callable[[], None] = lambda: None
        self._root = root.absolute()
        self._beside = self._root / "_staging" / "beside"
        self._locks = self._root / "_staging" / "locks"
        try:
            self._locks.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._locks):
                pass
        except OSError as error:
            raise SettingError(
                f"RUTTER_LAKE is {str(root)!r}, where nothing can be written ({error.strerror}): {_mend(error)}."
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
        with _told("read", path):
            try:
                return (self._root / path).read_bytes()
            except FileNotFoundError:
                return None

    def exists(self, path: str) -> bool:
        return (self._root / path).is_file()

    def write(self, path: str, content: bytes) -> None:
        with _told("written", path), self._made(content) as made, self._lock(path):
            self._put_in_place(made, path)

    def build(self, path: str, make: Callable[[Path], None]) -> None:
        with _told("written", path), self.folder() as folder:
            made = folder / Path(path).name
            make(made)
            with made.open("rb") as file:
                os.fsync(file.fileno())
            with self._lock(path):
                self._put_in_place(made, path)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """An empty folder beside the files, for as long as the block runs; that of a killed process goes, too."""
        with tempfile.TemporaryDirectory(dir=self._beside / self.owner) as folder:
            yield Path(folder)

    def change(self, path: str, change: Change) -> bool:
        with _told("written", path), self._lock(path):
            old = self.read(path)
            new = change(old)
            if new == old:
                return False
            if new is None:
                self.delete(path)
            else:
                with self._made(new) as made:
                    self._put_in_place(made, path)
            return True

    def alone(self, name: str) -> AbstractContextManager[object]:
        return FileLock(self._locks / name)

    def wait_for_writers(self) -> None:
        for number in range(_LOCKS):
            with self._numbered_lock(number):
                pass

    def delete(self, path: str) -> None:
        file = self._root / path
        with _told("removed", path):
            file.unlink(missing_ok=True)
        for folder in file.relative_to(self._root).parents:
            try:
                (self._root / folder).rmdir()
            except OSError:
                break  # it holds other files, or is the last: never an empty folder is left

    def paths(self, prefix: str) -> Iterator[str]:
        found: list[Path] = []
        for folder, _, names in os.walk(self._root / prefix, onerror=_unless_gone):
            found += [Path(folder, name) for name in names]
        for file in sorted(found):
            if file.is_file():
                yield file.relative_to(self._root).as_posix()

    def uri(self, path: str) -> str:
        return str(self._root / path)

    @contextmanager
    def _made(self, content: bytes) -> Iterator[Path]:
        """A file of the content beside the others, on the disk and not only on its way."""
        with self.folder() as folder:
            made = folder / "made"
            with made.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            yield made

    def _put_in_place(self, made: Path, path: str) -> None:
        self.guard()
        target = self._root / path
        while True:
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                made.replace(target)
            except FileNotFoundError:
                if not made.exists():
                    raise
                continue  # the folder was removed as empty in between
            return

    def _lock(self, path: str) -> FileLock:
        return self._numbered_lock(int.from_bytes(hashlib.sha256(path.encode()).digest()[:4]) % _LOCKS)

    def _numbered_lock(self, number: int) -> FileLock:
        return FileLock(self._locks / f"{number:02d}", poll_interval=0.005)


def scratch() -> LocalStorage:
    """A place in the system's temporary folder for what a computation does not hold in memory, one for each user."""
    return LocalStorage(Path(tempfile.gettempdir()) / f"rutter_assets-{os.getuid()}")


@contextmanager
def _told(what: str, path: str) -> Iterator[None]:
    """Turn what the disk refuses into a `LakeError` that says what could not be done, why, and the mend."""
    try:
        yield
    except OSError as error:
        raise LakeError(
            f"{path} in RUTTER_LAKE could not be {what} ({error.strerror or error}): {_mend(error)}, and run again."
        ) from None


def _mend(error: OSError) -> str:
    if error.errno in DISK_IS_FULL:
        return "free space on its disk"
    return "give a folder of your own, or give this user the right to write in it"


def _unless_gone(error: OSError) -> None:
    """A folder that another run removed as empty while it was looked through holds nothing; any other error counts."""
    if not isinstance(error, FileNotFoundError):
        raise error


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
