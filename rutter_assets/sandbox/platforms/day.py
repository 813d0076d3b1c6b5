"""One shop's day: its dice, its paper, and the rows that come of it, now and in the months after."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from json.encoder import encode_basestring_ascii
from random import Random
from typing import Protocol, TypedDict, Unpack

from rutter_assets.sandbox.identity import uuid_text
from rutter_assets.sandbox.moment import DAY_MS, HOUR_MS, MINUTE_MS, iso_text
from rutter_assets.sandbox.money import EXPONENTS, amount_text
from rutter_assets.sandbox.version import Version

__all__ = ["DAY_MS", "HOUR_MS", "MINUTE_MS", "Day", "Habits", "Row", "Shop"]


class Habits(Protocol):
    """What a platform does with an order and at the end of a day."""

    def order(self, day: "Day") -> None:
        """Posts the rows of one order and everything that will come of it."""
        ...

    def close(self, day: "Day") -> None:
        """Posts what belongs to the day as a whole, such as a payout."""
        ...


@dataclass(frozen=True)
class Shop:
    """A merchant as its platform sees it. `orders` is the least and the most orders of a day."""

    seed: str
    currency: str
    orders: tuple[int, int]


class _Changes(TypedDict, total=False):
    status: str
    fee: str | None
    description: str | None


@dataclass(slots=True)
class Row:
    """A transaction being written. Amounts and fees are exact JSON number text; `fee` None: the key is absent.

    `gateway_data` and `platform_data` are JSON text; `platform_data` None: the key is absent.
    """

    id: str
    created_ms: int
    updated_ms: int
    type: str
    status: str
    amount: str | None
    currency: str | None
    platform_id: str
    platform_type: str
    customer_id: str | None
    order_id: str | None = None
    method: str = "card"
    fee: str | None = None
    gateway: str | None = None
    gateway_data: str = "null"
    description: str | None = None
    platform_data: str | None = None

    def version(self) -> Version:
        """The row as it stands, in the field order of the documentation's example."""
        created_at = iso_text(self.created_ms)
        updated_at = created_at if self.updated_ms == self.created_ms else iso_text(self.updated_ms)
        fee = "" if self.fee is None else f'"fee":{self.fee},'
        platform_data = "" if self.platform_data is None else f',"platform_data":{self.platform_data}'
        body = (
            f'{{"id":"{self.id}","platform_id":"{self.platform_id}","order_id":{_quoted(self.order_id)},'
            f'"platform_customer_id":{_quoted(self.customer_id)},"payment_method_type":"{self.method}",'
            f'"status":"{self.status}","type":"{self.type}","amount":{self.amount or "null"},{fee}'
            f'"gateway":{_quoted(self.gateway)},"gateway_data":{self.gateway_data},'
            f'"iso_currency_code":{_quoted(self.currency)},"platform_type":"{self.platform_type}",'
            f'"description":{_quoted(self.description)},"created_at":"{created_at}","updated_at":"{updated_at}"'
            f"{platform_data}}}"
        )
        return Version(self.created_ms, self.id, self.updated_ms, body.encode())


@dataclass(slots=True)
class Day:
    """A UTC day of one shop, reproducible from the shop's seed and the day alone."""

    shop: Shop
    starts_ms: int
    random: Random = field(init=False)
    versions: list[Version] = field(default_factory=list)
    sales: list[Row] = field(default_factory=list)
    """The rows of type `sale` posted so far, whatever became of them."""

    def __post_init__(self) -> None:
        # A text seed goes through SHA-512: the same in every process, whatever PYTHONHASHSEED is.
        self.random = Random(f"{self.shop.seed}/{self.number}")

    @property
    def number(self) -> int:
        """Days since 1970-01-01."""
        return self.starts_ms // DAY_MS

    def chance(self, per_thousand: int) -> bool:
        """True so many times in a thousand."""
        return self.random.randrange(1000) < per_thousand

    def moment_ms(self) -> int:
        """Some whole second of the day; whole seconds, as most platforms have them, make ties."""
        return self.starts_ms + self.random.randrange(86_400) * 1000

    def later_ms(self, since_ms: int, least_ms: int, most_ms: int) -> int:
        """Some instant between `least_ms` and `most_ms` after `since_ms`."""
        return since_ms + self.random.randrange(least_ms, most_ms)

    def uuid(self) -> str:
        """A fresh identifier."""
        return uuid_text(f"{self.random.getrandbits(128):032x}")

    def code(self, prefix: str = "") -> str:
        """A fresh identifier of the platform's own."""
        return f"{prefix}{self.random.randrange(10**9, 10**10)}"

    def price(self) -> int:
        """The amount of an order in minor units; one in twenty is large."""
        least = 10 if self.shop.currency == "JPY" else 1
        price = self.random.randrange(450, 9_500) * least
        return price * 11 if self.chance(50) else price

    def text(self, minor_units: int, currency: str | None = None) -> str:
        """Minor units of the shop's currency, or of `currency`, as JSON number text."""
        return amount_text(minor_units, EXPONENTS[currency or self.shop.currency])

    def post(
        self,
        type_: str,
        platform_type: str,
        status: str,
        minor_units: int,
        at_ms: int,
        *,
        currency: str | None = None,
        hides_currency: bool = False,
        platform_id: str | None = None,
        customer_id: str | None = None,
        order_id: str | None = None,
        method: str = "card",
        fee: str | None = None,
        gateway: str | None = None,
        gateway_data: str = "null",
        description: str | None = None,
        platform_data: str | None = None,
    ) -> Row:
        """Writes a new row and publishes its first version; its later life is up to `change`.

        `currency` is the shop's unless given; `hides_currency` leaves it out of the row, not out of the amount.
        """
        currency = currency or self.shop.currency
        row = Row(
            id=self.uuid(),
            created_ms=at_ms,
            updated_ms=at_ms,
            type=type_,
            status=status,
            amount=self.text(minor_units, currency),
            currency=None if hides_currency else currency,
            platform_id=platform_id or self.code(),
            platform_type=platform_type,
            customer_id=customer_id,
            order_id=order_id,
            method=method,
            fee=fee,
            gateway=gateway,
            gateway_data=gateway_data,
            description=description,
            platform_data=platform_data,
        )
        if type_ == "sale":
            self._deform(row)
            self.sales.append(row)
        self.versions.append(row.version())
        return row

    def change(self, row: Row, at_ms: int, **changes: Unpack[_Changes]) -> None:
        """Changes a row in place at `at_ms`, which must be after its last change."""
        for name, value in changes.items():
            setattr(row, name, value)
        row.updated_ms = max(at_ms, row.updated_ms + 1)
        self.versions.append(row.version())

    def copy(self, row: Row, at_ms: int, status: str) -> Row:
        """The same movement under a new id, as platforms do that settle a pending row by making another."""
        fresh = replace(row, id=self.uuid(), platform_id=self.code(), created_ms=at_ms, updated_ms=at_ms, status=status)
        self.sales.append(fresh)
        self.versions.append(fresh.version())
        return fresh

    def refunds(self, sold: int) -> Iterator[tuple[int, int]]:
        """What comes back of a sale: pairs of ms after the sale and minor units, mostly none.

        Partial, full, in two parts, and now and then more than was paid (shipping, goodwill).
        """
        dice = self.random.randrange(1000)
        if dice < 50:
            yield self._delay_ms(), sold * self.random.randrange(10, 90) // 100
        elif dice < 75:
            yield self._delay_ms(), sold
        elif dice < 85:
            first_ms = self._delay_ms()
            yield first_ms, sold * 40 // 100
            yield first_ms + self._delay_ms(), sold * 35 // 100
        elif dice < 90:
            yield self._delay_ms(), sold + sold // 8

    def touch_an_old_row(self) -> None:
        """Every third day, one sale of the day will be changed 420 days later, when nobody expects it.

        Shops take turns, so that on every day of a world some old rows change.
        """
        turn = sum(self.shop.seed.encode()) + self.number
        settled = [row for row in self.sales if row.status == "success"]
        if turn % 3 or not settled:
            return
        row = self.random.choice(settled)
        at_ms = self.starts_ms + 420 * DAY_MS + self.random.randrange(DAY_MS)
        dice = self.random.randrange(3)
        if dice == 0:
            self.change(row, at_ms, status="refunded")
        elif dice == 1 and row.fee is not None:
            self.change(row, at_ms, fee=self.text(self.random.randrange(20, 90), row.currency))
        else:
            self.change(row, at_ms, description=f"{row.description or 'Sale'} (corrected)")

    def _delay_ms(self) -> int:
        return self.random.randrange(8 * HOUR_MS, 45 * DAY_MS, 1000)

    def _deform(self, row: Row) -> None:
        """Amounts as they also come: unknown, zero, or with more digits than the currency has."""
        dice = self.random.randrange(1000)
        if dice < 4:
            row.amount = None
        elif dice < 9:
            row.amount = "0"
        elif dice < 13:
            row.amount = f"{self.random.randrange(1, 4_000)}.{self.random.randrange(10**8, 10**9)}"


def _quoted(text: str | None) -> str:
    return "null" if text is None else encode_basestring_ascii(text)
