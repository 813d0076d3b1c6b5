"""A mart's share of the volume, of all merchants together: a number for each day, and a picture of the last ones.

Both go into the Dagster UI, which plots the numbers by partition. The picture is an SVG as a data URL within Markdown:
Dagster 1.13 shows it, and behind a click, as it does with all Markdown of 1,000 characters or more; seen in Chromium.
"""

import base64
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, Final

from rutter_assets.lake.lake import Lake
from rutter_assets.marts import engine
from rutter_assets.marts.mart import Mart, mart_files
from rutter_assets.report.queries import sql
from rutter_assets.report.words import percent

TREND_DAYS: Final = 90
_TRAILING_DAYS: Final = 30
_CURRENCIES_MOST: Final = 6


@dataclass(frozen=True)
class Share:
    """What a mart's share is called: as a number, on the axis of the picture, and in a sentence."""

    name: str
    axis: str
    sentence: str


@dataclass(frozen=True)
class Trend:
    """A mart's last days: the newest share of each currency in a sentence, and the picture as SVG, null without any."""

    sentence: str
    svg: str | None

    @property
    def markdown(self) -> str:
        """The picture and the sentence below it."""
        if self.svg is None:
            return self.sentence
        picture = base64.b64encode(self.svg.encode()).decode()
        return f"![{self.sentence}](data:image/svg+xml;base64,{picture})\n\n{self.sentence}"


SHARES: Final = {
    "fee_totals": Share(
        "all_in_fee_rate", "fees / volume", "Fees as a share of the volume, of the merchants whose platform tells them"
    ),
    "refund_ratios": Share("refund_ratio_amount", "refunds / volume", "Refunds as a share of the volume"),
    "refund_cohorts": Share(
        "refund_rate_to_date",
        "refunded / sold",
        "What came back so far of the sales, of the merchants whose refunds can be linked to sales",
    ),
}
"""By the mart's name. What each is a share of, and whose, is the SQL file of that name in this folder."""


def shares(lake: Lake, mart: Mart, days: Iterable[date]) -> dict[date, dict[str, float]]:
    """Each day's share by its name and currency, such as `all_in_fee_rate/EUR`; one that is unknown is left out."""
    found: dict[date, dict[str, float]] = {}
    for day, currency, of_day, _ in _rows(lake, mart, days):
        if of_day is not None:
            found.setdefault(day, {})[f"{SHARES[mart.name].name}/{currency}"] = of_day
    return found


def trend(lake: Lake, mart: Mart, last_day: date) -> Trend:
    """The share over 30 days, on each of the `TREND_DAYS` days up to the last.

    A line for each currency, of at most six: those with the most days. Without any known share there is no picture.
    """
    first_day = last_day - timedelta(days=TREND_DAYS - 1)
    read_from = first_day - timedelta(days=_TRAILING_DAYS - 1)
    days = [read_from + timedelta(days=number) for number in range((last_day - read_from).days + 1)]
    known = [
        (day, currency, share)
        for day, currency, _, share in _rows(lake, mart, days)
        if day >= first_day and share is not None
    ]
    if not known:
        return Trend(f"Nothing is known of the {TREND_DAYS} days up to {last_day}.", None)
    counts = Counter(currency for _, currency, _ in known)
    shown = sorted(currency for currency, _ in counts.most_common(_CURRENCIES_MOST))
    newest = {currency: share for _, currency, share in known}
    figures = ", ".join(f"{currency} {percent(newest[currency])}" for currency in shown)
    rest = f" Not shown: {', '.join(sorted(counts.keys() - set(shown)))}." if len(counts) > len(shown) else ""
    points = [{"date": str(day), "currency": code, "share": share} for day, code, share in known if code in shown]
    said = SHARES[mart.name]
    return Trend(f"{said.sentence}, over {_TRAILING_DAYS} days: {figures}.{rest}", _svg(said.axis, points))


def _rows(lake: Lake, mart: Mart, days: Iterable[date]) -> list[tuple[date, str, float | None, float | None]]:
    """The rows of `shares.sql` over these days."""
    with engine.engine() as connection:
        engine.bind(connection, lake, mart.table, mart_files(lake, mart, days), mart.table.schema.names)
        connection.sql(sql(mart.name)).create_view("observed")
        rows: list[tuple[date, str, float | None, float | None]] = connection.sql(sql("shares")).fetchall()
    return rows


def _svg(axis: str, points: list[dict[str, Any]]) -> str:
    """The picture of one mart."""
    import vl_convert  # here, so that only who draws waits for it

    svg: str = vl_convert.vegalite_to_svg(_chart(axis) | {"datasets": {"points": points}})
    return svg


@cache
def _chart(axis: str) -> dict[str, Any]:
    """A Vega-Lite specification that reads the data set `points`, in colours that are seen on white and on black."""
    import altair as alt

    ink = "#7d8694"
    chart = (
        alt.Chart(alt.NamedData("points"), width=560, height=170)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X("date:T", timeUnit="utcyearmonthdate", title=None, scale=alt.Scale(type="utc")),
            y=alt.Y("share:Q", title=axis, axis=alt.Axis(format=".1~%", tickCount=5)),
            color=alt.Color("currency:N", title=None, scale=alt.Scale(scheme="tableau10")),
        )
        .configure(background="transparent")
        .configure_view(stroke=None)
        .configure_axis(labelColor=ink, titleColor=ink, tickColor=ink, domainColor=ink, gridOpacity=0.2, gridColor=ink)
        .configure_legend(labelColor=ink)
    )
    specification: dict[str, Any] = chart.to_dict()
    return specification
