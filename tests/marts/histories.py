"""Merchants' random histories and what becomes of them: few names for many rows, so that most rows meet others."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from tests.marts.given import store, transaction

FIRST_DAY = date(2026, 8, 1)
DAYS = [FIRST_DAY + timedelta(days=number) for number in range(14)]
MERCHANTS = [f"merchant-{number:02d}" for number in range(25)]
_IDS = [f"t{number}" for number in range(12)]
_NAMES = [None, "p0", "p1", "p2", "t0", "t1", "t2"]
"""What a sale's platform calls it, and what a refund calls its sale: an id, too."""

Rows = dict[tuple[str, str], dict[str, object]]
"""Transactions by connection and id."""


@dataclass
class History:
    """The transactions of a lake's merchants, changed step by step; every number comes from `chance`."""

    lake: Lake
    chance: Random
    rows: Rows = field(default_factory=dict)

    def begin(self) -> None:
        """Write the first days' files."""
        for merchant in MERCHANTS:
            for id_ in self.chance.sample(_IDS, 9):
                self.rows[merchant, id_] = self._row(merchant, id_, self.chance.choice(DAYS))
        self._write(set(DAYS))

    def go_on(self) -> set[date]:
        """Change some rows of a few days, now and then take a whole day away; the days whose files were written."""
        days = self.chance.sample(DAYS, self.chance.randint(1, 4))
        before = dict(self.rows)
        for merchant in self.chance.sample(MERCHANTS, self.chance.randint(1, len(MERCHANTS))):
            id_, day = self.chance.choice(_IDS), self.chance.choice(days)
            old = before.get((merchant, id_))
            if old is None or _day(old) in days or self.chance.random() < 0.02:
                self.rows.pop((merchant, id_), None)
                if self.chance.random() < 0.7:
                    self.rows[merchant, id_] = self._row(merchant, id_, day)
        if self.chance.random() < 0.2:
            self.rows = {key: row for key, row in self.rows.items() if _day(row) != days[0]}
        keys = {key for key in {**before, **self.rows} if before.get(key) != self.rows.get(key)}
        changed = {_day(rows[key]) for rows in (before, self.rows) for key in keys if key in rows}
        self._write(changed)
        return changed

    def write_into(self, lake: Lake) -> None:
        """The same transactions in another lake."""
        store(lake, *self.rows.values())

    def _write(self, days: set[date]) -> None:
        for day in days:
            self.lake.storage.delete(layout.transactions(day, 0))
        store(self.lake, *(row for row in self.rows.values() if _day(row) in days))

    def _row(self, merchant: str, id_: str, day: date) -> dict[str, object]:
        chance = self.chance
        created_at = datetime.combine(day, time(chance.randrange(24)), UTC)
        parent = chance.choice(_NAMES)
        return transaction(
            connection_id=merchant,
            id=id_,
            type=chance.choice(["sale", "refund"]),
            status=chance.choice(["success", "success", "refunded", "pending"]),
            amount=chance.choice([None, "0", "1.5", "10", "10", "25.000000001"]),
            iso_currency_code=chance.choice(["EUR", "EUR", "USD", None]),
            platform_id=chance.choice(_NAMES),
            order_id=chance.choice([None, "o0", "o1", "o2"]),
            platform_data=json.dumps({"parent_id": parent}) if parent else None,
            created_at=created_at,
            updated_at=created_at + timedelta(days=chance.randrange(5)),
        )


def _day(row: dict[str, object]) -> date:
    created_at = row["created_at"]
    assert isinstance(created_at, datetime)
    return created_at.date()
