"""Bytes at a path, whole or not at all, on a local disk or in an object store.

A path is relative to the lake, with `/` between its parts. A local file is written beside, synced and renamed; one
process at a time changes a file, held by a lock file. An object store has atomic writes of its own, and a change is a
conditional write that starts over when somebody else was first.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import obstore
from filelock import FileLock
from obstore.exceptions import AlreadyExistsError, PreconditionError
from obstore.store import ObjectStore
from obstore.store import from_url as object_store_of

from rutter_assets.errors import LakeError, SettingError

Change = Callable[[bytes | None], bytes | None]
"""The new content for the present one (null: there is no file); null removes the file."""


class Storage(Protocol):
    """What the lake needs of the place it lies in."""

    def read(self, path: str) -> bytes | None:
        """The file's bytes; null when there is no such file."""
        ...

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""
        ...

    def write(self, path: str, content: bytes) -> None:
        """Replace the file, whole or not at all."""
        ...

    def change(self, path: str, change: Change) -> bool:
        """Replace the file by what `change` makes of it, with nobody in between; true when the bytes differ."""
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


def storage_at(lake: str) -> Storage:
    """The storage that `RUTTER_LAKE` names: a folder, or the URL of a place in an object store."""
    if "://" not in lake:
        return LocalStorage(Path(lake))
    scheme = lake.split("://", 1)[0]
    if scheme not in ("s3", "gs", "az", "abfs", "abfss"):
        raise SettingError(f"RUTTER_LAKE names the scheme {scheme}://: give a folder, or an s3://, gs:// or az:// URL.")
    return ObjectStorage(lake)


class LocalStorage:
    """A folder on a local disk."""

    _LOCKS = 64

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self._beside = self._root / "_staging" / "beside"
        self._locks = self._root / "_staging" / "locks"
        try:
            self._beside.mkdir(parents=True, exist_ok=True)
            self._locks.mkdir(exist_ok=True)
            with tempfile.TemporaryFile(dir=self._beside):
                pass
        except OSError as error:
            raise SettingError(
                f"RUTTER_LAKE is {str(root)!r}, where nothing can be written ({error.strerror}):"
                " give a folder of your own."
            ) from None

    def read(self, path: str) -> bytes | None:
        try:
            return (self._root / path).read_bytes()
        except FileNotFoundError:
            return None

    def exists(self, path: str) -> bool:
        return (self._root / path).is_file()

    def write(self, path: str, content: bytes) -> None:
        target = self._root / path
        handle, beside = tempfile.mkstemp(dir=self._beside)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            self._put_in_place(Path(beside), target)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise

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
        number = int.from_bytes(hashlib.sha256(path.encode()).digest()[:4]) % self._LOCKS
        return FileLock(self._locks / f"{number:02d}", poll_interval=0.005)


class ObjectStorage:
    """A prefix of a bucket; credentials come from the environment, as the store's own clients take them."""

    _TRIES = 50

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._store: ObjectStore = object_store_of(self._url)

    def read(self, path: str) -> bytes | None:
        found = self._get(path)
        return None if found is None else found[0]

    def exists(self, path: str) -> bool:
        try:
            obstore.head(self._store, path)
        except FileNotFoundError:
            return False
        return True

    def write(self, path: str, content: bytes) -> None:
        obstore.put(self._store, path, content)

    def change(self, path: str, change: Change) -> bool:
        for _ in range(self._TRIES):
            found = self._get(path)
            old = None if found is None else found[0]
            new = change(old)
            if new == old:
                return False
            try:
                if new is None:
                    self.delete(path)
                elif found is None:
                    obstore.put(self._store, path, new, mode="create")
                else:
                    obstore.put(self._store, path, new, mode={"e_tag": found[1], "version": None})
            except (AlreadyExistsError, PreconditionError):
                continue
            return True
        raise LakeError(f"{path} was changed by others {self._TRIES} times in a row: run fewer syncs at a time.")

    def delete(self, path: str) -> None:
        obstore.delete(self._store, path)

    def paths(self, prefix: str) -> Iterator[str]:
        for batch in obstore.list(self._store, prefix):
            yield from sorted(item["path"] for item in batch)

    def uri(self, path: str) -> str:
        return f"{self._url}/{path}"

    def _get(self, path: str) -> tuple[bytes, str | None] | None:
        try:
            found = obstore.get(self._store, path)
        except FileNotFoundError:
            return None
        return bytes(found.bytes()), found.meta["e_tag"]
