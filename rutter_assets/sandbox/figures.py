"""The marts' figures: sections 2 and 3 of `docs/metrics.md`, added up in plain Python."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Context, Decimal

from rutter_assets.sandbox.movements import Movement

__all__ = ["fee_totals", "refund_ratios"]

Grain = tuple[date, str, str]
_EXACT = Context(prec=100)
"""Wide enough that no sum of DECIMAL(38,9) is ever rounded."""


def fee_totals(movements: Iterable[Movement]) -> list[dict[str, object]]:
    """One row per date, connection and currency with a counted sale, refund or fee; money `Decimal`, ratios `float`."""
    table = []
    for grain, group in _groups(movements, {"sale", "refund", "fee"}):
        sales = _of(group, "sale")
        gross_volume = _sum(sale.amount for sale in sales)
        sale_fees = _sum(sale.fee for sale in sales if sale.amount is not None)
        refund_fees = _sum(refund.fee for refund in _of(group, "refund") if refund.amount is not None)
        standalone_fees = _standalone(group)
        fees_total = _sum([sale_fees, refund_fees, standalone_fees])
        fee_known_volume = _sum(sale.amount for sale in sales if sale.fee is not None)
        table.append(
            _grain(grain)
            | {
                "sale_count": _count(sales),
                "gross_volume": gross_volume,
                "sale_fees": sale_fees,
                "refund_fees": refund_fees,
                "standalone_fees": standalone_fees,
                "fees_total": fees_total,
                "fee_known_volume": fee_known_volume,
                "fee_coverage": _ratio(fee_known_volume, gross_volume),
                "effective_fee_rate": _ratio(sale_fees, fee_known_volume),
                "all_in_fee_rate": _ratio(fees_total, gross_volume),
                "null_amount_count": sum(one.amount is None for one in group),
            }
        )
    return table


def refund_ratios(movements: Iterable[Movement], from_date: date | None = None) -> list[dict[str, object]]:
    """One row per date, connection and currency with a counted sale, refund, chargeback or reversal.

    No rows before `from_date`; the movements of the 29 days before it belong to the trailing columns.
    """
    table: list[dict[str, object]] = []
    groups = _groups(movements, {"sale", "refund", "chargeback", "chargeback_reversal"})
    counted = dict(groups)
    for grain, group in groups:
        if from_date is not None and grain[0] < from_date:
            continue
        sales, refunds = _of(group, "sale"), _of(group, "refund")
        gross_volume = _sum(sale.amount for sale in sales)
        refund_amount = _sum(refund.amount for refund in refunds)
        chargebacks = _of(group, "chargeback")
        chargeback_amount = _sum(chargeback.amount for chargeback in chargebacks)
        reversal_amount = _sum(reversal.amount for reversal in _of(group, "chargeback_reversal"))
        table.append(
            _grain(grain)
            | {
                "sale_count": _count(sales),
                "gross_volume": gross_volume,
                "refund_count": _count(refunds),
                "refund_amount": refund_amount,
                "refund_ratio_amount": _ratio(refund_amount, gross_volume),
                "refund_ratio_count": _ratio(_count(refunds), _count(sales)),
                **_trailing(counted, grain, 7),
                **_trailing(counted, grain, 30),
                "chargeback_count": len(chargebacks),
                "chargeback_amount": chargeback_amount,
                "chargeback_reversal_amount": reversal_amount,
                "net_volume": _sum(
                    [gross_volume, refund_amount.copy_negate(), chargeback_amount.copy_negate(), reversal_amount]
                ),
                "null_amount_count": sum(one.amount is None for one in group),
            }
        )
    return table


def _trailing(counted: dict[Grain, list[Movement]], grain: Grain, days: int) -> dict[str, object]:
    """Both ratios over so many days, the row's own the last of them, each of one big pile of movements."""
    last, connection_id, iso_currency_code = grain
    pile: list[Movement] = []
    for earlier in range(days):
        pile += counted.get((last - timedelta(days=earlier), connection_id, iso_currency_code), [])
    sales, refunds = _of(pile, "sale"), _of(pile, "refund")
    sold, returned = _sum(sale.amount for sale in sales), _sum(refund.amount for refund in refunds)
    return {
        f"refund_ratio_amount_{days}d": _ratio(returned, sold),
        f"refund_ratio_count_{days}d": _ratio(_count(refunds), _count(sales)),
    }


def _standalone(group: list[Movement]) -> Decimal:
    """Fee rows less fee credits, without the fee rows that a sale or refund of the same order already carries.

    A row whose amount is null is out of every sum, its embedded fee included, so that fee absorbs nothing.
    """
    embedded: dict[tuple[str, Decimal], int] = defaultdict(int)
    for one in _of(group, "sale") + _of(group, "refund"):
        if one.order_id is not None and one.fee is not None and one.amount is not None:
            embedded[(one.order_id, one.fee)] += 1
    counted: list[Decimal] = []
    for fee in _of(group, "fee"):
        if fee.amount is None:
            continue
        if fee.is_fee_credit:
            counted.append(fee.amount.copy_negate())
        elif fee.order_id is not None and embedded[(fee.order_id, fee.amount)] > 0:
            embedded[(fee.order_id, fee.amount)] -= 1
        else:
            counted.append(fee.amount)
    return _sum(counted)


def _groups(movements: Iterable[Movement], classes: set[str]) -> list[tuple[Grain, list[Movement]]]:
    groups: dict[Grain, list[Movement]] = defaultdict(list)
    for one in movements:
        if one.is_counted and one.movement_class in classes:
            groups[(one.date, one.connection_id, one.iso_currency_code)].append(one)
    return sorted(groups.items())


def _of(group: list[Movement], movement_class: str) -> list[Movement]:
    return [one for one in group if one.movement_class == movement_class]


def _count(movements: list[Movement]) -> int:
    return sum(one.amount != 0 for one in movements)  # a null amount is unknown, not zero


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        if amount is not None:
            total = _EXACT.add(total, amount)
    return total


def _ratio(part: Decimal | int, whole: Decimal | int) -> float | None:
    return None if whole == 0 else float(part) / float(whole)


def _grain(grain: Grain) -> dict[str, object]:
    day, connection_id, iso_currency_code = grain
    return {"date": day, "connection_id": connection_id, "iso_currency_code": iso_currency_code}
