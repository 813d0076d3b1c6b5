"""`report.html`: one page with everything it needs in it, for a browser without a network.

Altair makes the charts. Three typed libraries were tried with one line chart each: Altair with the Vega bundle of
vl-convert takes 0.9 MB and draws SVG, which has the page's colours and can be tested mark by mark; Bokeh takes 1.3 MB
and draws on a canvas; Plotly takes 4.8 MB.

The page allows nothing but its own two scripts, by their hashes: not even a name that broke out of its cell could run
or fetch anything. It is a function of the lake alone: the same lake gives the same bytes.
"""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import jinja2
import vl_convert

from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from rutter_assets.report.charts import charts, coverage_class
from rutter_assets.report.content import CHARTED_DAYS, CHARTED_MOST, DARK_DAYS, Content, Key, Row, content
from rutter_assets.report.sheets import amount, chargeback_rows, label, sheets
from rutter_assets.report.words import UNKNOWN, percent

_AGES_DAYS: Final = (7, 30, 60, 90)


@dataclass(frozen=True)
class Report:
    """A page that was written: where it lies, its size, and how many merchants and currencies it has and draws."""

    uri: str
    size_bytes: int
    merchants: int
    charted: int


def build(lake: Lake) -> Report:
    """Write the page of the lake as it is now, whole or not at all."""
    found = content(lake)
    page = render(found).encode()
    lake.storage.write(layout.REPORT, page)
    return Report(lake.storage.uri(layout.REPORT), len(page), len(found.names), len(found.charted))


def render(content: Content) -> str:
    """The page as HTML."""
    own = files("rutter_assets.report")
    scripts = {"bundle": _bundle(), "script": own.joinpath("page.js").read_text(encoding="utf-8")}
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("rutter_assets.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.jinja").render(
        content=content,
        sheets=sheets(content),
        tiles=_tiles(content),
        data=_data(content),
        style=own.joinpath("page.css").read_text(encoding="utf-8"),
        hashes=[_hash(text) for text in scripts.values()],
        charted_most=CHARTED_MOST,
        charted_days=CHARTED_DAYS,
        dark_days=DARK_DAYS,
        **scripts,
    )


@cache
def _bundle() -> str:
    """Vega, Vega-Lite and vega-embed as one script; it takes a second to make and is always the same."""
    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _tiles(content: Content) -> list[tuple[str, str]]:
    """The figures at the top: how many, and of what."""
    verdicts = [row["verdict"] for row in content.completeness]
    return [
        (f"{len(content.names):,}", "merchants"),
        (f"{len({one.connection_id for one in content.queue}):,}", "must act"),
        (f"{verdicts.count('complete'):,}", "proven complete"),
        (f"{verdicts.count('behind'):,}", "behind their source"),
        (f"{verdicts.count('not_loaded'):,}", "not loaded yet"),
    ]


def _data(content: Content) -> dict[str, Any]:
    """What `page.js` draws: the charts without data, and the rows of each."""
    fees, chargebacks = _fee_points(content), _chargeback_points(content)
    return {
        "charts": charts(len(fees), len(chargebacks)),
        "fees": fees,
        "chargebacks": chargebacks,
        "merchants": _series(content),
    }


def _charted(content: Content, rows: Iterable[Row]) -> list[Row]:
    """Those of the rows that are drawn."""
    keys = set(content.charted)
    return [row for row in rows if (row["connection_id"], row["iso_currency_code"]) in keys]


def _fee_points(content: Content) -> list[Row]:
    """The fee chart's rows: what is drawn as numbers, what is read as text."""
    rows = _charted(content, content.merchants)
    return [
        {
            "label": label(content, row),
            "effective_fee_rate": row["effective_fee_rate"],
            "all_in_fee_rate": row["all_in_fee_rate"],
            "coverage_class": coverage_class(row["fee_coverage"] or 0),
            "effective": percent(row["effective_fee_rate"], UNKNOWN),
            "all_in": percent(row["all_in_fee_rate"], UNKNOWN),
            "coverage": percent(row["fee_coverage"], UNKNOWN),
            "fees": amount(row["fees_total"], row["iso_currency_code"]),
        }
        for row in sorted(rows, key=lambda row: -(row["effective_fee_rate"] or row["all_in_fee_rate"] or 0))
    ]


def _chargeback_points(content: Content) -> list[Row]:
    """The chargeback chart's rows; what is lost is what was not won back."""
    return [
        {
            "label": label(content, row),
            "chargeback_ratio": row["chargeback_ratio"],
            "lost_ratio": float((row["chargeback_amount"] - row["chargeback_reversal_amount"]) / row["gross_volume"]),
            "charged": amount(row["chargeback_amount"], row["iso_currency_code"]),
            "won": amount(row["chargeback_reversal_amount"], row["iso_currency_code"]),
            "share": percent(row["chargeback_ratio"], UNKNOWN),
        }
        for row in _charted(content, chargeback_rows(content))
    ]


def _series(content: Content) -> list[dict[str, Any]]:
    """Of each charted merchant and currency the rows of its own two charts, largest first."""
    found: dict[Key, dict[str, Any]] = {key: {"days": [], "cohorts": []} for key in content.charted}
    for row in _charted(content, content.merchants):
        found[row["connection_id"], row["iso_currency_code"]]["label"] = label(content, row)
    for row in content.days:
        found[row["connection_id"], row["iso_currency_code"]]["days"].append(_day(row))
    for row in _charted(content, content.cohorts):
        found[row["connection_id"], row["iso_currency_code"]]["cohorts"] += _curve(row)
    return list(found.values())


def _day(row: Row) -> Row:
    code = row["iso_currency_code"]
    return {
        "date": str(row["date"]),
        "refund_ratio_amount": row["refund_ratio_amount"],
        "refund_ratio_amount_30d": row["refund_ratio_amount_30d"],
        "refunds": amount(row["refund_amount"], code),
        "volume": amount(row["gross_volume"], code),
        "ratio": percent(row["refund_ratio_amount"], UNKNOWN),
        "trailing": percent(row["refund_ratio_amount_30d"], UNKNOWN),
    }


def _curve(row: Row) -> list[Row]:
    """The points that are known; a month has none before it is 7 days old."""
    cohort = "all 90 days old" if row["month"] is None else f"{row['month']:%Y-%m}"
    rates = {age: row[f"refund_rate_r{age}"] for age in _AGES_DAYS}
    return [
        {
            "month": None if row["month"] is None else str(row["month"]),
            "age_days": age,
            "refund_rate": rate,
            "cohort": cohort,
            "rate": percent(rate),
        }
        for age, rate in rates.items()
        if rate is not None
    ]
