"""A lake in a bucket of an object store.

The store's writes are whole by themselves; a change is a conditional write that starts over when somebody else was
first. Nobody can tell there whether a process has ended, so what a killed one staged stays until it is removed by hand.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import AlreadyExistsError, PreconditionError
from obstore.store import ObjectStore, from_url

from rutter_assets.errors import LakeError
from rutter_assets.lake.local import scratch
from rutter_assets.lake.storage import Change

if TYPE_CHECKING:
    from obstore import UpdateVersion


class ObjectStorage:
    """A prefix of a bucket; credentials come from the environment, as the store's own clients take them."""

    _TRIES = 50

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._store: ObjectStore = from_url(self._url)
        self.owner = uuid.uuid4().hex
        self.guard: Callable[[], None] = lambda: None

    def is_abandoned(self, owner: str) -> bool:  # noqa: ARG002 - the protocol's signature
        return False

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
        self.guard()
        obstore.put(self._store, path, content)

    def build(self, path: str, make: Callable[[Path], None]) -> None:
        with scratch().folder() as folder:
            made = folder / Path(path).name
            make(made)
            self.guard()
            obstore.put(self._store, path, made)

    def change(self, path: str, change: Change) -> bool:
        for _ in range(self._TRIES):
            found = self._get(path)
            old = None if found is None else found[0]
            new = change(old)
            if new == old:
                return False
            self.guard()
            try:
                if new is None:
                    self.delete(path)
                elif found is None:
                    obstore.put(self._store, path, new, mode="create")
                else:
                    obstore.put(self._store, path, new, mode=found[1])
            except (AlreadyExistsError, PreconditionError):
                continue
            return True
        raise LakeError(f"{path} was changed by others {self._TRIES} times in a row: run fewer syncs at a time.")

    def alone(self, name: str) -> AbstractContextManager[object]:  # noqa: ARG002 - the protocol's signature
        return nullcontext()

    def wait_for_writers(self) -> None:
        """Nobody can tell here: a write that has passed its guard and is under way is found by looking again."""

    def delete(self, path: str) -> None:
        obstore.delete(self._store, path)

    def paths(self, prefix: str) -> Iterator[str]:
        for batch in obstore.list(self._store, prefix):
            yield from sorted(item["path"] for item in batch)

    def uri(self, path: str) -> str:
        return f"{self._url}/{path}"

    def _get(self, path: str) -> "tuple[bytes, UpdateVersion] | None":
        try:
            found = obstore.get(self._store, path)
        except FileNotFoundError:
            return None
        version: UpdateVersion = {}
        if found.meta["e_tag"] is not None:
            version["e_tag"] = found.meta["e_tag"]
        if found.meta["version"] is not None:
            version["version"] = found.meta["version"]
        return bytes(found.bytes()), version
