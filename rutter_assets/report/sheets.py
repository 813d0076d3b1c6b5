"""The content as tables of text: money exactly, null as "unknown", names harmlessly. The page escapes all of it."""

from dataclasses import dataclass
from decimal import Decimal

from rutter_assets.report.content import Content, Dark, Row
from rutter_assets.report.words import UNKNOWN, minor_digits, money, percent, printable
from rutter_assets.rutter.contract import MERCHANT_MUST


@dataclass(frozen=True)
class Head:
    """A column's title. A figure stands to the right, a wide cell holds a sentence, a verdict has a colour."""

    title: str
    is_figure: bool = False
    is_wide: bool = False
    is_verdict: bool = False

    @property
    def look(self) -> str | None:
        """The classes of its cells in `page.css`; null: none."""
        return "figure" if self.is_figure else "wide" if self.is_wide else None

    def look_of(self, cell: str) -> str | None:
        """The classes of a cell of it."""
        word = cell if cell == UNKNOWN or self.is_verdict else None
        return " ".join(filter(None, (self.look, word))) or None


@dataclass(frozen=True)
class Line:
    """One row: the merchant's name, what stands below it, and a cell for each column."""

    name: str
    below: tuple[str, ...]
    cells: list[str]


@dataclass(frozen=True)
class Sheet:
    """A table of the page: its id, its columns after the merchant, and its rows."""

    id: str
    heads: tuple[Head, ...]
    rows: list[Line]


def sheets(content: Content) -> dict[str, Sheet]:
    """Every table of the page, by its id."""
    made = (_queue(content), _fees(content), _refunds(content), _chargebacks(content), _completeness(content))
    return {sheet.id: sheet for sheet in made}


def label(content: Content, row: Row) -> str:
    """The currency and the merchant's name, or its platform where no name is told."""
    code = currency(row["iso_currency_code"])
    return f"{'currency unknown' if code == UNKNOWN else code} · {_name(content, row)}"


def currency(iso_currency_code: str | None) -> str:
    """The code as it is read: `XXX` is money whose currency nobody told."""
    return UNKNOWN if iso_currency_code in (None, "XXX") else str(iso_currency_code)


def amount(value: Decimal | None, iso_currency_code: str | None) -> str:
    """The amount exactly, without its code; null as unknown."""
    return UNKNOWN if value is None else money(value, iso_currency_code or "XXX")


def chargeback_rows(content: Content) -> list[Row]:
    """The merchants and currencies that have any chargeback, the largest share of the volume first."""
    found = [row for row in content.merchants if row["chargeback_count"] or row["chargeback_reversal_amount"]]
    return sorted(found, key=lambda row: (-(row["chargeback_ratio"] or 0), row["connection_id"]))


def _queue(content: Content) -> Sheet:
    heads = (
        Head("Currency"),
        *_figures("Gone dark, about", "Days dark", "Volume of 30 days"),
        Head("Last data"),
        Head("What the merchant must do", is_wide=True),
    )
    rows = [
        Line(
            printable(one.name or one.platform),
            (one.platform, one.connection_id),
            [
                currency(one.iso_currency_code),
                _estimate(one),
                UNKNOWN if one.days_dark is None else f"{one.days_dark:,}",
                amount(one.gross_volume_30d, one.iso_currency_code),
                UNKNOWN if one.last_day is None else str(one.last_day),
                _to_do(one),
            ],
        )
        for one in content.queue
    ]
    return Sheet("queue", heads, rows)


def _estimate(one: Dark) -> str:
    """No more digits than the currency is written with."""
    if one.volume is None:
        return UNKNOWN
    return f"{one.volume:,.{minor_digits(one.iso_currency_code or 'XXX')}f}"


def _to_do(one: Dark) -> str:
    if not one.is_disabled:
        return "Log in again through the connection's link."
    reason = one.disabled_reason or "UNKNOWN"
    must = MERCHANT_MUST.get(reason, MERCHANT_MUST["UNKNOWN"])
    return f"{must[0].upper()}{must[1:]} ({printable(reason)})."


def _fees(content: Content) -> Sheet:
    heads = (Head("Currency"), *_figures("Volume", "Fees", "Effective rate", "Coverage", "All-in rate"))
    rows = [
        _line(
            content,
            row,
            amount(row["gross_volume"], row["iso_currency_code"]),
            amount(row["fees_total"], row["iso_currency_code"]),
            percent(row["effective_fee_rate"], UNKNOWN),
            percent(row["fee_coverage"], UNKNOWN),
            percent(row["all_in_fee_rate"], UNKNOWN),
        )
        for row in content.merchants
    ]
    return Sheet("fees", heads, rows)


def _refunds(content: Content) -> Sheet:
    titles = ("Volume", "Refunds", "Ratio", "Ratio of 30 days", "Within 90 days", "Link coverage")
    whole = {(row["connection_id"], row["iso_currency_code"]): row for row in content.cohorts if row["month"] is None}
    rows = []
    for row in content.merchants:
        cohort = whole.get((row["connection_id"], row["iso_currency_code"]), {})
        rows.append(
            _line(
                content,
                row,
                amount(row["gross_volume"], row["iso_currency_code"]),
                amount(row["refund_amount"], row["iso_currency_code"]),
                percent(row["refund_ratio_amount"], UNKNOWN),
                percent(row["refund_ratio_amount_30d"], UNKNOWN),
                percent(cohort.get("refund_rate_r90"), UNKNOWN),
                percent(cohort.get("link_coverage"), UNKNOWN),
            )
        )
    return Sheet("refunds", (Head("Currency"), *_figures(*titles)), rows)


def _chargebacks(content: Content) -> Sheet:
    heads = (Head("Currency"), *_figures("Chargebacks", "Charged back", "Won back", "Share of volume"))
    rows = [
        _line(
            content,
            row,
            f"{row['chargeback_count']:,}",
            amount(row["chargeback_amount"], row["iso_currency_code"]),
            amount(row["chargeback_reversal_amount"], row["iso_currency_code"]),
            percent(row["chargeback_ratio"], UNKNOWN),
        )
        for row in chargeback_rows(content)
    ]
    return Sheet("chargebacks", heads, rows)


def _completeness(content: Content) -> Sheet:
    heads = (
        Head("Verdict", is_verdict=True),
        Head("Why", is_wide=True),
        *_figures("Stored", "Source's count"),
        Head("Horizon"),
        Head("Stale because of"),
    )
    rows = [
        Line(
            printable(row["name"] or row["platform"]),
            (row["platform"], row["connection_id"]),
            [
                row["verdict"].replace("_", " "),
                row["reason"],
                f"{row['stored_count']:,}",
                UNKNOWN if row["source_count"] is None else f"{row['source_count']:,}",
                row["horizon"].replace("_", " "),
                row["stale_because"].partition(":")[0].replace("_", " "),
            ],
        )
        for row in content.completeness
    ]
    return Sheet("completeness", heads, rows)


def _line(content: Content, row: Row, *cells: str) -> Line:
    return Line(_name(content, row), (row["platform"],), [currency(row["iso_currency_code"]), *cells])


def _name(content: Content, row: Row) -> str:
    return printable(content.names.get(row["connection_id"]) or row["platform"])


def _figures(*titles: str) -> list[Head]:
    return [Head(title, is_figure=True) for title in titles]
