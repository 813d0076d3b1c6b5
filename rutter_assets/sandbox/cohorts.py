"""The cohorts' figures: section 4 of `docs/metrics.md`, one refund after the other, as a bookkeeper would."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal

from rutter_assets.sandbox.movements import Movement

__all__ = ["refund_cohorts"]

_EXACT = Context(prec=100)
_MARKS = (7, 30, 60, 90)
_LEAST_COVERAGE = Decimal("0.95")
_AWAITED = timedelta(hours=48)


@dataclass
class _Sale:
    """A sale with a known amount, and what is still left of it."""

    movement: Movement
    left: Decimal
    has_refund: bool = False


@dataclass
class _Cohort:
    """A row being added up."""

    sales: list[Movement]
    returned: list[tuple[date, Decimal]]
    over: Decimal = Decimal(0)
    unlinked: Decimal = Decimal(0)
    inferred: Decimal = Decimal(0)


class _Book:
    """The sales and refunds of one connection in one currency."""

    def __init__(self, movements: list[Movement]) -> None:
        ordered = sorted(movements, key=lambda one: (one.created_at, one.id))
        self.cohorts: dict[date, _Cohort] = defaultdict(lambda: _Cohort([], []))
        self.refunds: list[tuple[date, Decimal, bool]] = []
        """Day, amount, and whether it is of a known sale."""
        self._sales = [
            _Sale(one, one.amount) for one in ordered if one.movement_class == "sale" and one.amount is not None
        ]
        self._by_name: dict[str, _Sale] = {}
        self._by_order: dict[str, list[_Sale]] = defaultdict(list)
        for sale in self._sales:
            for name in (sale.movement.id, sale.movement.platform_id):
                if name is not None:
                    self._by_name.setdefault(name, sale)
            if sale.movement.order_id is not None:
                self._by_order[sale.movement.order_id].append(sale)
        for one in ordered:
            if one.movement_class == "sale":
                self.cohorts[one.date].sales.append(one)
        self._link([one for one in ordered if one.movement_class == "refund"])

    def infer(self, at: datetime) -> None:
        """Adds the refunds that a sale's status tells of and no refund row does, 48 hours on."""
        for sale in self._sales:
            one = sale.movement
            if one.status == "refunded" and not sale.has_refund and one.updated_at + _AWAITED <= at:
                cohort = self.cohorts[one.date]
                cohort.inferred = _EXACT.add(cohort.inferred, sale.movement.amount or Decimal(0))

    def _link(self, refunds: list[Movement]) -> None:
        others = []
        for refund in refunds:
            if refund.amount is None:
                continue
            parent = None if refund.parent_id is None else self._by_name.get(refund.parent_id)
            if parent is None:
                others.append(refund)
            else:
                self._give_back(refund, refund.amount, [parent])
        for refund in others:
            if refund.amount is not None:
                self._give_back(refund, refund.amount, self._by_order.get(refund.order_id or "", []))

    def _give_back(self, refund: Movement, amount: Decimal, sales: list[_Sale]) -> None:
        self.refunds.append((refund.date, amount, bool(sales)))
        if not sales:
            cohort = self.cohorts[refund.date]
            cohort.unlinked = _EXACT.add(cohort.unlinked, amount)
            return
        for sale in sales:
            part = min(amount, sale.left)
            if part > 0:
                sale.left, amount = _EXACT.subtract(sale.left, part), _EXACT.subtract(amount, part)
                sale.has_refund = True
                self.cohorts[sale.movement.date].returned.append((refund.date, part))
        first = self.cohorts[sales[0].movement.date]
        first.over = _EXACT.add(first.over, amount)


def refund_cohorts(movements: Iterable[Movement], known_on: date) -> list[dict[str, object]]:
    """One row per date, connection and currency with a counted sale, or an unlinked refund of that day."""
    books: dict[tuple[str, str], list[Movement]] = defaultdict(list)
    for one in movements:
        if one.movement_class in ("sale", "refund"):
            books[(one.connection_id, one.iso_currency_code)].append(one)
    table = []
    for (connection_id, iso_currency_code), its_movements in books.items():
        book = _Book(its_movements)
        book.infer(datetime.combine(known_on, time(tzinfo=UTC)))
        for day, cohort in book.cohorts.items():
            if cohort.sales or cohort.unlinked:
                grain = {"date": day, "connection_id": connection_id, "iso_currency_code": iso_currency_code}
                table.append(grain | _figures(day, cohort, book.refunds, known_on))
    return sorted(table, key=lambda row: (str(row["date"]), str(row["connection_id"]), str(row["iso_currency_code"])))


def _figures(
    day: date, cohort: _Cohort, refunds: list[tuple[date, Decimal, bool]], known_on: date
) -> dict[str, object]:
    gross_volume = _sum(sale.amount for sale in cohort.sales if sale.amount is not None)
    near = [(amount, known) for at, amount, known in refunds if day <= at <= day + timedelta(days=90)]
    known = _sum(amount for amount, is_known in near if is_known)
    every = _sum(amount for amount, _ in near)
    is_told = every == 0 or known >= _EXACT.multiply(every, _LEAST_COVERAGE)
    figures: dict[str, object] = {
        "sale_count": sum(sale.amount != 0 for sale in cohort.sales),
        "gross_volume": gross_volume,
        "refunded_amount": _sum(amount for _, amount in cohort.returned),
        "refund_rate_to_date": _rate(_sum(amount for _, amount in cohort.returned), gross_volume, is_told),
        "over_refund_amount": cohort.over,
        "unlinked_refund_amount": cohort.unlinked,
        "link_coverage": float(known) / float(every) if every else None,
        "inferred_refund_amount": cohort.inferred,
        "null_amount_count": sum(sale.amount is None for sale in cohort.sales),
    }
    for mark in _MARKS:
        last = day + timedelta(days=mark)
        returned = _sum(amount for at, amount in cohort.returned if at <= last) if last < known_on else None
        figures[f"refunded_amount_r{mark}"] = returned
        figures[f"refund_rate_r{mark}"] = None if returned is None else _rate(returned, gross_volume, is_told)
    return figures


def _rate(returned: Decimal, gross_volume: Decimal, is_told: bool) -> float | None:
    return float(returned) / float(gross_volume) if is_told and gross_volume else None


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = _EXACT.add(total, amount)
    return total
