"""What a transaction is: section 1 of `docs/metrics.md`, rule by rule, for an auditor to read beside it."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

__all__ = ["Movement", "class_of", "movement"]

_AUTHORIZATIONS = ("authorization", "emv_authorization", "suggested_refund", "change")
_REFUNDS = {
    "success": "refund",
    "refunded": "refund",
    "pending": "refund_pending",
    "failure": "refund_failed",
    "cancelled": "refund_failed",
}
_SALES = {
    "success": "sale",
    "refunded": "sale",
    "pending": "sale_pending",
    "failure": "sale_failed",
    "cancelled": "sale_cancelled",
}
_STATUS_BLIND = ("chargeback", "chargeback_reversal", "fee")
_NOT_HAPPENED = ("pending", "failure", "cancelled")
_PARENTS = ("parent_id", "charge", "payment_id", "sale_id")
_CREDITS = {"credit", "refund", "reversal", "reimbursement"}


@dataclass(frozen=True)
class Movement:
    """A transaction as the marts see it. `amount` and `fee` are absolute, in major units; None: unknown."""

    date: date
    connection_id: str
    id: str
    created_at: datetime
    updated_at: datetime
    status: str | None
    iso_currency_code: str
    """`XXX` where the API says null."""
    movement_class: str
    is_counted: bool
    amount: Decimal | None
    fee: Decimal | None
    order_id: str | None
    is_fee_credit: bool
    platform_id: str | None
    parent_id: str | None
    """The platform_id of the transaction that this one gives back, where `platform_data` tells it."""


def movement(connection_id: str, row: dict[str, Any]) -> Movement:
    """The movement a row describes; `row` is its parsed JSON with exact numbers (`int` or `Decimal`)."""
    movement_class = class_of(row)
    created_at = datetime.fromisoformat(row["created_at"])
    return Movement(
        date=created_at.date(),  # the API writes UTC
        connection_id=connection_id,
        id=row["id"],
        created_at=created_at,
        updated_at=datetime.fromisoformat(row.get("updated_at") or row["created_at"]),
        status=row.get("status"),
        iso_currency_code=row.get("iso_currency_code") or "XXX",
        movement_class=movement_class,
        is_counted=not (movement_class in _STATUS_BLIND and row.get("status") in _NOT_HAPPENED),
        amount=_absolute(row.get("amount")),
        fee=_absolute(row.get("fee")),
        order_id=row.get("order_id"),
        is_fee_credit=movement_class == "fee" and not _CREDITS.isdisjoint(_words(row)),
        platform_id=row.get("platform_id"),
        parent_id=_parent_id(row),
    )


def class_of(row: dict[str, Any]) -> str:
    """The first rule that matches. Of rule 2's refinements, a reversal goes before an inquiry."""
    platform_data = row.get("platform_data")
    if isinstance(platform_data, dict) and platform_data.get("test") is True:  # 1
        return "test"
    said = f"{_raw_kind(row)} {row.get('description') or ''}".lower()
    if "chargeback" in said or "dispute" in said:  # 2
        words = _words(row)
        if not words.isdisjoint({"won", "reversal", "reversed"}):
            return "chargeback_reversal"
        return "chargeback" if words.isdisjoint({"inquiry", "warning"}) else "inquiry"
    if row.get("type") in ("payout", "fee", "void"):  # 3, 4, 5
        return str(row["type"])
    if _raw_kind(row) in _AUTHORIZATIONS:  # 6
        return "authorization"
    by_status = {"refund": _REFUNDS, "sale": _SALES}.get(str(row.get("type")), {})  # 7, 8
    return by_status.get(str(row.get("status")), "unclassified")  # 9


def _raw_kind(row: dict[str, Any]) -> str:
    platform_data = row.get("platform_data")
    if isinstance(platform_data, dict) and isinstance(platform_data.get("kind"), str):
        return str(platform_data["kind"]).lower()
    return str(row.get("platform_type") or "").lower()


def _parent_id(row: dict[str, Any]) -> str | None:
    platform_data = row.get("platform_data")
    told = platform_data if isinstance(platform_data, dict) else {}
    found = [told[name] for name in _PARENTS if told.get(name) is not None]
    return str(found[0]) if found else None


def _words(row: dict[str, Any]) -> set[str]:
    """The words of raw_kind and description: what stands between anything that is not a letter or a digit."""
    return set(re.split(r"[\W_]+", f"{_raw_kind(row)} {row.get('description') or ''}".lower()))


def _absolute(number: int | Decimal | None) -> Decimal | None:
    # copy_abs, because abs() rounds to the context's 28 digits.
    return None if number is None else Decimal(number).copy_abs()
