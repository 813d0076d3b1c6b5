"""The lake as its users see it: open it, stage and commit windows, keep ledgers, list files.

Nothing here decides what to read from the API; it keeps what was read, whole or not at all.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Final, Self
from uuid import uuid4

import msgspec
import pyarrow as pa

from rutter_assets.errors import NOT_JSON, LakeError, SettingError
from rutter_assets.lake import layout, notices, parquet, staging
from rutter_assets.lake import ledger as ledgers
from rutter_assets.lake.commit import Batch, DayCommit, commit
from rutter_assets.lake.erased import Erased
from rutter_assets.lake.ledger import Covered, Ledger, StagedWindow
from rutter_assets.lake.local import LocalStorage
from rutter_assets.lake.objects import ObjectStorage
from rutter_assets.lake.storage import Storage
from rutter_assets.lake.tables import CONNECTIONS, TRANSACTIONS, Table

log = logging.getLogger(__name__)

FORMAT: Final = 1


class Facts(msgspec.Struct, frozen=True):
    """What holds for a lake as long as it lives. `source` is `api` or `sandbox`, which never share a lake."""

    format: int
    buckets: int
    source: str


@dataclass(frozen=True)
class DaySummary:
    """What one day of `transactions` holds; `amounts` are plain sums as sent, by currency (`XXX`: not told)."""

    day: date
    rows: int
    connections: int
    amounts: dict[str, Decimal]
    size_bytes: int


@dataclass(frozen=True)
class Lake:
    """An open lake. Cheap to open and safe to open many times, in many processes."""

    storage: Storage
    buckets: int

    @classmethod
    def open(cls, location: str, *, buckets: int, source: str) -> Self:
        """Open the lake at a folder or URL, or make it; a setting that does not fit it is a `SettingError`."""
        storage = _storage_at(location)
        wanted = Facts(FORMAT, buckets, source)
        storage.change(layout.FACTS, lambda old: old or msgspec.json.encode(wanted) + b"\n")
        try:
            found = msgspec.json.decode(storage.read(layout.FACTS) or b"", type=Facts)
        except NOT_JSON:
            raise LakeError(
                f"{layout.FACTS} in RUTTER_LAKE is broken: write {msgspec.json.encode(wanted).decode()} into it,"
                " with the values the lake was made with."
            ) from None
        if found.format != FORMAT:
            raise LakeError(f"RUTTER_LAKE has format {found.format}, this version reads {FORMAT}: use another folder.")
        if found.buckets != buckets:
            raise SettingError(f"RUTTER_BUCKETS is {buckets}, but this lake was made with {found.buckets}: set that.")
        if found.source != source:
            raise SettingError(
                f"RUTTER_LAKE holds data of the {found.source}, but the settings name the {source}:"
                " set RUTTER_LAKE to another folder, so that real and invented money never mix."
            )
        lake = cls(storage, buckets)
        storage.guard = lake.erased.refuse_if_outdated
        return lake

    @cached_property
    def erased(self) -> Erased:
        """The connections that must not come into the lake again."""
        return Erased(self.storage)

    # Ledgers

    def ledger(self, connection_id: str) -> Ledger | None:
        """The connection's ledger; null when nothing was ever recorded of it."""
        path = layout.ledger(connection_id)
        content = self.storage.read(path)
        return None if content is None else ledgers.decode(content, path)

    def ledgers(self) -> dict[str, Ledger]:
        """Every ledger, by connection id."""
        found = {}
        for path in self.storage.paths(layout.LEDGER):
            content = self.storage.read(path)
            if content is not None:
                ledger = ledgers.decode(content, path)
                found[ledger.connection_id] = ledger
        return found

    def record(self, connection_id: str, platform: str, change: Callable[[Ledger], Ledger]) -> None:
        """Change the connection's ledger with nobody in between; a first change starts from an empty one."""
        if connection_id in self.erased:
            raise LakeError(f"{connection_id} was erased; `rutter-assets resync --connection` reads it again.")
        path = layout.ledger(connection_id)

        def changed(content: bytes | None) -> bytes:
            empty = Ledger(connection_id=connection_id, platform=platform)
            return ledgers.encode(change(empty if content is None else ledgers.decode(content, path)))

        self.storage.change(path, changed)

    # Transactions

    def stage_part(self, connection_id: str, rows: pa.Table) -> str:
        """Put a part of a window on disk and give its path; it counts once the window is recorded."""
        path = layout.staged(self.storage.owner, connection_id, uuid4().hex)
        staging.write_part(self.storage, path, rows)
        return path

    def forget(self, connection_id: str, platform: str) -> None:
        """Take everything for unread, so that the next sync reads the connection's whole history again.

        Its rows stay where they are until then: a read of their days replaces them.
        """

        def change(old: Ledger) -> Ledger:
            return Ledger(connection_id=old.connection_id, platform=old.platform, last_outcome=old.last_outcome)

        staged = (self.ledger(connection_id) or Ledger(connection_id=connection_id, platform=platform)).staged
        self.record(connection_id, platform, change)
        for window in staged:
            for path in window.paths:
                self.storage.delete(path)

    def record_staged(self, connection_id: str, platform: str, window: StagedWindow) -> None:
        """The checkpoint: from now on the window need not be read again."""
        self.record(connection_id, platform, lambda old: msgspec.structs.replace(old, staged=(*old.staged, window)))

    def commit(
        self, connection_ids: Sequence[str], on_day: Callable[[DayCommit], None] = lambda _: None
    ) -> tuple[list[DayCommit], list[str]]:
        """Merge all staged windows of these connections into the day files and record what they cover.

        Gives the days, and the notices of them, which the caller must `acknowledge` once whoever follows the lake knows
        the days. Notices of processes that ended before that are given again, with their days as changed.
        """
        while True:
            found = {i: ledger for i in connection_ids if (ledger := self.ledger(i)) and ledger.staged}
            try:
                return self._commit(found, on_day)
            except staging.TakenAwayError:
                if {i: self.ledger(i) for i in found} == found:
                    raise
                # Another process has committed some of the windows in the meantime: what is left is committed here.

    def _commit(
        self, found: Mapping[str, Ledger], on_day: Callable[[DayCommit], None]
    ) -> tuple[list[DayCommit], list[str]]:
        batches = [Batch(i, window) for i, ledger in found.items() for window in ledger.staged if self.is_whole(window)]
        told, unheard = notices.unheard(self.storage)
        spans = [span for batch in batches if (span := batch.window.may_change)]
        if spans:
            told.append(notices.put(self.storage, spans))

        def on_moved(days: Sequence[date]) -> None:
            told.append(notices.put(self.storage, [(day, day) for day in days]))

        done = commit(self.storage, self.buckets, batches, on_day, on_moved)
        commits = {one.day: one for one in done}
        for connection_id, ledger in found.items():
            self._unstage(ledger, [batch.window for batch in batches if batch.connection_id == connection_id])
        commits |= {day: DayCommit(day, is_changed=True) for day in unheard}
        return [commits[day] for day in sorted(commits)], told

    def acknowledge(self, told: Sequence[str]) -> None:
        """Whoever follows the lake has been told of the days that these notices are about."""
        for path in told:
            self.storage.delete(path)

    def is_whole(self, window: StagedWindow) -> bool:
        """Whether all of a staged window's files are there: what a crash or another run took away is read again."""
        return all(self.storage.exists(path) for path in window.paths)

    def remove_abandoned(self) -> None:
        """Remove what killed processes staged and did not record; what they recorded stays for the next commit."""
        orphans = [path for path in self.storage.paths(layout.STAGING) if notices.is_abandoned(self.storage, path)]
        if not orphans:
            return
        for path in orphans:
            try:
                ledger = self.ledger(layout.connection_of(path))
            except LakeError:
                continue  # its merchant's sync says so; until that is mended nobody knows what it recorded
            if ledger is None or not any(path in window.paths for window in ledger.staged):
                self.storage.delete(path)

    def transaction_files(self, days: Sequence[date] | None = None) -> list[str]:
        """The day files' paths, of all days or of the given ones, in order."""
        if days is None:
            return list(self.storage.paths("transactions"))
        paths = (layout.transactions(day, bucket) for day in sorted(days) for bucket in range(self.buckets))
        return [path for path in paths if self.storage.exists(path)]

    def transactions(
        self, days: Sequence[date] | None = None, columns: Sequence[str] | None = None
    ) -> Iterator[pa.Table]:
        """The rows of the day files, a table a file."""
        for path in self.transaction_files(days):
            content = self.storage.read(path)
            if content is not None:
                yield parquet.open_file(content, TRANSACTIONS, path).read(columns=columns)

    def check_files(self, days: Sequence[date]) -> None:
        """A `LakeError` if a day file is broken or of another schema, before anything is asked of the API for it.

        On a local disk this reads the files' footers; in an object store it is left to the commit.
        """
        if isinstance(self.storage, LocalStorage):
            for path in self.transaction_files(days):
                parquet.check_file(Path(self.storage.uri(path)), TRANSACTIONS, path)

    def is_readable(self, table: Table, path: str) -> bool:
        """Whether the file is whole and of this table; on a local disk this reads its footer, else all of it."""
        try:
            if isinstance(self.storage, LocalStorage):
                parquet.check_file(Path(self.storage.uri(path)), table, path)
            else:
                parquet.open_file(self.storage.read(path) or b"", table, path)
        except LakeError:
            return False
        return True

    def rows_of(self, table: Table, path: str) -> pa.Table:
        """All rows of one file of the table; none where there is no such file."""
        content = self.storage.read(path)
        return table.schema.empty_table() if content is None else parquet.from_bytes(content, table, path)

    def summary_of(self, day: date) -> DaySummary:
        """What the day's files hold now."""
        files = [content for path in self.transaction_files([day]) if (content := self.storage.read(path)) is not None]
        columns = ["connection_id", "iso_currency_code", "amount"]
        rows = pa.concat_tables(
            [TRANSACTIONS.schema.empty_table().select(columns)]
            + [parquet.open_file(content, TRANSACTIONS, f"date={day}").read(columns) for content in files]
        )
        sums = rows.group_by("iso_currency_code").aggregate([("amount", "sum")]).to_pylist()
        return DaySummary(
            day=day,
            rows=len(rows),
            connections=len(rows["connection_id"].unique()),
            amounts={
                str(s["iso_currency_code"] or "XXX"): s["amount_sum"] for s in sums if s["amount_sum"] is not None
            },
            size_bytes=sum(map(len, files)),
        )

    # Snapshots

    def write_connections(self, snapshot_at: datetime, rows: pa.Table) -> str:
        """Add a snapshot of the connections, without those that were erased; gives its path."""
        rows = rows.filter(pa.array([i not in self.erased for i in rows["connection_id"].to_pylist()], pa.bool_()))
        path = layout.connections(snapshot_at)
        self.storage.write(path, parquet.to_bytes(rows, CONNECTIONS))
        return path

    def latest_connections(self) -> pa.Table | None:
        """The newest snapshot; null when none was taken yet."""
        paths = list(self.storage.paths("connections"))
        content = self.storage.read(paths[-1]) if paths else None
        return None if content is None else parquet.from_bytes(content, CONNECTIONS, paths[-1])

    def _unstage(self, seen: Ledger, merged: Sequence[StagedWindow]) -> None:
        """Take the windows of `seen` off the ledger, the `merged` ones as covered, then their files off the disk."""

        def change(old: Ledger) -> Ledger:
            covered, watermark = old.covered, old.watermark
            for window in merged:
                if window.by == "updated_at" and window.watermark is not None:
                    watermark = max(watermark or window.watermark, window.watermark)
                elif window.by == "created_at" and not window.is_provisional:
                    covered = ledgers.cover(covered, Covered(window.start, window.end, window.read_at))
            left = tuple(window for window in old.staged if window not in seen.staged)
            return msgspec.structs.replace(old, covered=covered, watermark=watermark, staged=left)

        self.record(seen.connection_id, seen.platform, change)
        for window in seen.staged:
            for path in window.paths:
                self.storage.delete(path)


def _storage_at(location: str) -> Storage:
    """The storage that `RUTTER_LAKE` names: a folder, or the URL of a place in an object store."""
    whole = location if "://" in location else str(Path(location).absolute())
    if set("=?") & set(whole):
        raise SettingError(
            "RUTTER_LAKE lies at a path with a = or a ?, which engines take for a partition and for the path's end:"
            " give a place without them."
        )
    if "://" not in location:
        return LocalStorage(Path(location))
    scheme = location.split("://", 1)[0]
    if scheme not in ("s3", "gs", "az", "abfs", "abfss"):
        raise SettingError(f"RUTTER_LAKE names the scheme {scheme}://: give a folder, or an s3://, gs:// or az:// URL.")
    return ObjectStorage(location)
