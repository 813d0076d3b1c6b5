"""What a client should have found: the rows that are visible now, and the figures that follow from them.

Computed from the rows' own text with `json` and `decimal`, by the page `docs/metrics.md`, and with no code of the
product's. It is right or wrong by itself.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rutter_assets.sandbox import cohorts, figures
from rutter_assets.sandbox.clock import Clock
from rutter_assets.sandbox.merchant import Merchant
from rutter_assets.sandbox.moment import to_ms
from rutter_assets.sandbox.movements import Movement, movement
from rutter_assets.sandbox.shelf import Shelf
from rutter_assets.sandbox.transaction_text import raw_fields
from rutter_assets.sandbox.version import Version
from rutter_assets.sandbox.world import World

__all__ = ["TRANSACTION_FIELDS", "Truth"]

TRANSACTION_FIELDS = (
    "id",
    "platform_id",
    "order_id",
    "platform_customer_id",
    "payment_method_type",
    "status",
    "type",
    "amount",
    "fee",
    "gateway",
    "gateway_data",
    "iso_currency_code",
    "platform_type",
    "description",
    "created_at",
    "updated_at",
    "platform_data",
)
_MONEY = ("amount", "fee")
_INSTANTS = ("created_at", "updated_at")
_RAW = ("gateway_data", "platform_data")


class Truth:
    """Answers by the sandbox's clock, for the connections whose data the API would serve without `force_fetch`.

    A connection that is not ready, needs an update or is disabled has no rows and no figures here. An unknown
    connection id raises `KeyError`.
    """

    def __init__(self, world: World, clock: Clock, shelves: Mapping[str, Shelf]) -> None:
        self._merchants = {merchant.id: merchant for merchant in world.merchants}
        self._clock = clock
        self._shelves = shelves

    def transactions(
        self,
        connection_id: str,
        created_from: datetime | None = None,
        created_to: datetime | None = None,
        *,
        force_fetch: bool = False,
    ) -> list[dict[str, Any]]:
        """The rows visible now with `created_at` in `[created_from, created_to)`, by `(created_at, id)`.

        Every row has `connection_id` and all `TRANSACTION_FIELDS`; None where the API says null or nothing. `amount`
        and `fee` are `Decimal` with the digits served, instants aware datetimes, `gateway_data` and `platform_data`
        the JSON text served. `force_fetch` shows what that parameter would show of a connection that is not ready.
        """
        from_ms = None if created_from is None else to_ms(created_from)
        until_ms = None if created_to is None else to_ms(created_to)
        return [
            _transaction(connection_id, version)
            for version in self._versions(self._merchants[connection_id], force_fetch)
            if (from_ms is None or version.created_ms >= from_ms)
            and (until_ms is None or version.created_ms < until_ms)
        ]

    def fee_totals(
        self, connection_id: str | None = None, from_date: date | None = None, to_date: date | None = None
    ) -> list[dict[str, Any]]:
        """Section 2 of `docs/metrics.md`, for days from `from_date` to `to_date`, both included; None: all.

        Rows in the order of date, connection, currency. Money is `Decimal`, ratios are `float` or None.
        """
        return figures.fee_totals(self._movements(connection_id, from_date, to_date))

    def refund_ratios(
        self, connection_id: str | None = None, from_date: date | None = None, to_date: date | None = None
    ) -> list[dict[str, Any]]:
        """Section 3 of `docs/metrics.md`; parameters and types as of `fee_totals`.

        The trailing columns look back beyond `from_date`.
        """
        return figures.refund_ratios(self._movements(connection_id, None, to_date), from_date)

    def refund_cohorts(self, known_on: date | None = None) -> list[dict[str, Any]]:
        """Section 4 of `docs/metrics.md`, of all connections and days, with their age at the beginning of `known_on`.

        None: the day that the sandbox's clock shows. Order and types as of `fee_totals`.
        """
        return cohorts.refund_cohorts(self._movements(None, None, None), known_on or self._clock.now().date())

    def _movements(self, connection_id: str | None, from_date: date | None, to_date: date | None) -> Iterator[Movement]:
        merchants = self._merchants.values() if connection_id is None else [self._merchants[connection_id]]
        for merchant in merchants:
            for version in self._versions(merchant, force_fetch=False):
                one = movement(merchant.id, json.loads(version.body or b"", parse_float=Decimal))
                if (from_date is None or one.date >= from_date) and (to_date is None or one.date <= to_date):
                    yield one

    def _versions(self, merchant: Merchant, force_fetch: bool) -> Iterator[Version]:
        now = self._clock.now()
        if merchant.is_served(now) or (force_fetch and merchant.status(now) == "not_ready"):
            yield from self._shelves[merchant.id].rows(to_ms(now))


def _transaction(connection_id: str, version: Version) -> dict[str, Any]:
    raw = raw_fields((version.body or b"").decode())
    row: dict[str, Any] = {"connection_id": connection_id}
    for name in TRANSACTION_FIELDS:
        text = raw.get(name, "null")
        if text == "null":
            row[name] = None
        elif name in _RAW:
            row[name] = text
        elif name in _MONEY:
            row[name] = Decimal(text)
        elif name in _INSTANTS:
            row[name] = datetime.fromisoformat(json.loads(text))
        else:
            row[name] = json.loads(text)
    return row
