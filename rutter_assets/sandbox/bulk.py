"""Many plain rows, cheaply, for benchmarks and for tests of size. The demo is where the difficult rows are."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from hashlib import blake2b
from random import Random

from rutter_assets.sandbox.identity import uuid_of, uuid_text
from rutter_assets.sandbox.lifecycle import Lifecycle
from rutter_assets.sandbox.merchant import Merchant
from rutter_assets.sandbox.moment import DAY_MS, HOUR_MS, iso_text, to_ms
from rutter_assets.sandbox.version import Version

__all__ = ["BulkRows", "merchants"]

_PLATFORMS = ("SHOPIFY", "WOO_COMMERCE", "AMAZON", "STRIPE", "BIG_COMMERCE", "PAYPAL", "SQUARE")


def merchants(
    seed: int, epoch: datetime, count: int, rows: int, days: int, changes_per_hour: float
) -> tuple[Merchant, ...]:
    """`count` ready and complete merchants with `rows` rows each in the `days` before the epoch."""
    lifecycle = Lifecycle(epoch - timedelta(days=30), epoch - timedelta(days=29))
    return tuple(
        Merchant(
            id=uuid_of(seed, "bulk", number, "connection"),
            access_token=uuid_of(seed, "bulk", number, "access_token"),
            platform=_PLATFORMS[number % len(_PLATFORMS)],
            name=f"Bulk Merchant {number:04} (sample)",
            lifecycle=lifecycle,
            source=BulkRows(f"{seed}/bulk/{number}", to_ms(epoch), rows, days, changes_per_hour),
        )
        for number in range(count)
    )


class BulkRows:
    """A source of nine sales to a refund, evenly spread, all USD; after the epoch, rows change hour by hour."""

    step_ms = HOUR_MS

    def __init__(self, seed: str, epoch_ms: int, rows: int, days: int, changes_per_hour: float) -> None:
        if not 0 <= changes_per_hour <= 1:
            raise ValueError(f"changes_per_hour is a share from 0 to 1, got {changes_per_hour}.")
        self.starts_ms = epoch_ms // HOUR_MS * HOUR_MS
        self._seed = seed
        self._epoch_ms = epoch_ms
        self._rows = rows
        self._span_ms = days * DAY_MS
        self._changes = int(rows * Fraction(str(changes_per_hour)))

    def drawn(self, from_ms: int, to_ms: int) -> Iterator[Version]:
        """The whole history with the first step, then each hour's changes."""
        if from_ms <= self.starts_ms:
            yield from self._history()
        for hour_ms in range(max(from_ms, self.starts_ms), to_ms, HOUR_MS):
            yield from self._changed(hour_ms)

    def _history(self) -> Iterator[Version]:
        for number in range(self._rows):
            created_ms, row_id, rest = self._row(number)
            yield Version(created_ms, row_id, created_ms, _body(number, created_ms, created_ms, row_id, rest))

    def _changed(self, hour_ms: int) -> Iterator[Version]:
        random = Random(f"{self._seed}/{hour_ms}")
        for number in random.sample(range(self._rows), self._changes):
            created_ms, row_id, rest = self._row(number)
            updated_ms = max(hour_ms + random.randrange(HOUR_MS), self._epoch_ms)
            yield Version(created_ms, row_id, updated_ms, _body(number, created_ms, updated_ms, row_id, rest))

    def _row(self, number: int) -> tuple[int, str, int]:
        """When the row was created, its id, and 64 bits that decide the rest."""
        digits = blake2b(f"{self._seed}/{number}".encode(), digest_size=24).hexdigest()
        created_ms = self._epoch_ms - self._span_ms + self._span_ms * number // self._rows
        return created_ms, uuid_text(digits[:32]), int(digits[32:], 16)


def _body(number: int, created_ms: int, updated_ms: int, row_id: str, rest: int) -> bytes:
    cents = 100 + rest % 20_000
    fee = cents * 29 // 1000 + 30
    kind = "refund" if rest % 10 == 0 else "sale"
    created_at = iso_text(created_ms)
    updated_at = created_at if updated_ms == created_ms else iso_text(updated_ms)
    return (
        f'{{"id":"{row_id}","platform_id":"{number}","order_id":"{uuid_text(f"{rest:032x}")}",'
        f'"platform_customer_id":"{rest % 99_991}","payment_method_type":"card","status":"success","type":"{kind}",'
        f'"amount":{cents // 100}.{cents % 100:02},"fee":{fee // 100}.{fee % 100:02},"gateway":"bulk_gateway",'
        f'"gateway_data":null,"iso_currency_code":"USD","platform_type":"{kind}","description":"For order {number}",'
        f'"created_at":"{created_at}","updated_at":"{updated_at}","platform_data":{{"id":{number}}}}}'
    ).encode()
