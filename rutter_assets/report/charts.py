"""The charts, as Vega-Lite specifications without data and without colours: the page gives both when it draws them.

So one specification serves every merchant, and the light and the dark scheme alike. A mark names its `style`, which
`page.js` fills from the colours of `page.css`.
"""

from functools import cache
from typing import Any, Final

import altair as alt

from rutter_assets.report.content import CHARTED_DAYS

Chart = dict[str, Any]
"""A Vega-Lite specification that reads the data set `rows`."""
Layers = alt.LayerChart | alt.FacetChart
"""What layers of one chart are; Altair lets them be facets, which none of ours is."""

_ROWS: Final = alt.NamedData("rows")
_ROW_HEIGHT: Final = 26
_HEIGHT: Final = 230
"""Both in CSS pixels."""
COVERAGES: Final = ("95 % or more", "50 % to 95 %", "less than 50 %")
"""The classes by which a fee rate is coloured: the share of the volume whose fee is known."""


_KINDS: Final = ("of the day", "of the last 30 days")


def charts(fee_rows: int, chargeback_rows: int) -> dict[str, Chart]:
    """Every chart of the page, by the id of the element it is drawn in; two of them have so many rows."""
    rows = {"fee-chart": fee_rows, "chargeback-chart": chargeback_rows}
    return {
        name: chart | ({"height": _ROW_HEIGHT * rows[name]} if name in rows else {}) for name, chart in _made().items()
    }


@cache
def _made() -> dict[str, Chart]:
    """The charts, which take a second to make and are always the same."""
    made = {
        "fee-chart": _fees(),
        "refund-chart": _refunds(),
        "cohort-chart": _cohorts(),
        "chargeback-chart": _chargebacks(),
    }
    return {name: chart.properties(width="container").to_dict() for name, chart in made.items()}


def coverage_class(fee_coverage: float) -> str:
    """Which of `COVERAGES` a coverage belongs to."""
    return COVERAGES[0] if fee_coverage >= 0.95 else COVERAGES[1] if fee_coverage >= 0.5 else COVERAGES[2]


def _fees() -> Layers:
    """A bar for each merchant and currency: the effective rate by its coverage, and a tick for the all-in rate."""
    base = alt.Chart(_ROWS).encode(
        y=alt.Y("label:N", sort=None, title=None),
        tooltip=_tooltips(
            label="Merchant", effective="Effective rate", coverage="Coverage", all_in="All-in rate", fees="Fees, all"
        ),
    )
    bars = base.mark_bar(height={"band": 0.6}).encode(
        x=alt.X("effective_fee_rate:Q", title="fees / volume", axis=alt.Axis(format=".1~%", tickCount=6)),
        color=alt.Color(
            "coverage_class:N",
            scale=alt.Scale(domain=list(COVERAGES), range="category"),
            legend=alt.Legend(title="effective rate, by coverage", orient="top"),
        ),
    )
    ticks = base.mark_tick(style="tick", thickness=3, bandSize=_ROW_HEIGHT * 0.8).encode(x="all_in_fee_rate:Q")
    untold = (
        base.transform_filter("datum.effective_fee_rate === null && datum.all_in_fee_rate === null")
        .mark_text(style="untold", align="left", dx=4, text="unknown")
        .encode(x=alt.XDatum(0))
    )
    return alt.layer(bars, ticks, untold)


def _refunds() -> Layers:
    """A bar for each day, and the line of the 30 days that end with it.

    A day on which more came back than was sold would make the line flat: bars are cut at one and a half of its height.
    """
    base = alt.Chart(_ROWS, height=_HEIGHT).encode(
        x=alt.X(
            "date:T",
            timeUnit="utcyearmonthdate",
            title=f"the last {CHARTED_DAYS} days, UTC",
            scale=alt.Scale(type="utc"),
            axis=alt.Axis(format="%b %y", tickCount=6, labelOverlap=True),
        ),
        tooltip=_tooltips(
            date="Day", refunds="Refunds", volume="Volume", ratio="Ratio of the day", trailing="Ratio of 30 days"
        ),
    )
    bars = (
        base.transform_joinaggregate(highest="max(refund_ratio_amount_30d)")
        .transform_calculate(shown="min(datum.refund_ratio_amount, 1.5 * datum.highest)", kind=f"'{_KINDS[0]}'")
        .mark_bar(width=2)
        .encode(y=alt.Y("shown:Q", title="refunds / volume", axis=_percents()), color=_kind())
    )
    line = (
        base.transform_calculate(kind=f"'{_KINDS[1]}'")
        .mark_line(style="trailing")
        .encode(y="refund_ratio_amount_30d:Q", color=_kind())
    )
    return alt.layer(bars, line)


def _cohorts() -> Layers:
    """A line for each month of sales, and a strong one for all that are 90 days old."""
    base = alt.Chart(_ROWS, height=_HEIGHT).encode(
        x=alt.X("age_days:Q", title="days after the sale", axis=alt.Axis(values=[0, 7, 30, 60, 90])),
        y=alt.Y("refund_rate:Q", title="refunded / sold", axis=_percents()),
        tooltip=_tooltips(cohort="Sales of", age_days="Days after", rate="Refunded"),
    )
    months = (
        base.transform_filter("datum.month !== null")
        .mark_line(style="month", point={"size": 24})
        .encode(
            color=alt.Color(
                "month:T",
                timeUnit="utcyearmonth",
                scale=alt.Scale(type="utc", range="ramp"),
                legend=alt.Legend(title="month of the sale", orient="top", format="%b %Y"),
            ),
            detail="month:N",
        )
    )
    everything = base.transform_filter("datum.month === null").mark_line(style="all_months")
    return alt.layer(months, everything)


def _chargebacks() -> Layers:
    """A bar for each merchant and currency: what was charged back, and a tick for what is lost in the end."""
    base = alt.Chart(_ROWS).encode(
        y=alt.Y("label:N", sort=None, title=None),
        tooltip=_tooltips(label="Merchant", charged="Charged back", won="Won back", share="Share of volume"),
    )
    bars = base.mark_bar(style="lost", height={"band": 0.6}).encode(
        x=alt.X("chargeback_ratio:Q", title="charged back / volume", axis=alt.Axis(format=".1~%", tickCount=6))
    )
    ticks = base.mark_tick(style="tick", thickness=3, bandSize=_ROW_HEIGHT * 0.8).encode(x="lost_ratio:Q")
    return alt.layer(bars, ticks)


def _kind() -> alt.Color:
    """The colour of the field `kind`."""
    scale = alt.Scale(domain=list(_KINDS), range="heatmap")
    return alt.Color("kind:N", scale=scale, legend=alt.Legend(title=None, orient="top"))


def _percents() -> alt.Axis:
    return alt.Axis(format=".1~%", tickCount=5)


def _tooltips(**titles: str) -> list[alt.Tooltip]:
    """Texts that the rows hold as they are to be read: no number passes through a format here."""
    return [alt.Tooltip(field, type="nominal", title=title) for field, title in titles.items()]
