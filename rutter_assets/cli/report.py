"""`rutter-assets report`: the page `report.html`, made anew from what the lake holds."""

from rutter_assets.cli import sync, words
from rutter_assets.lake.lake import Lake
from rutter_assets.marts import completeness
from rutter_assets.settings import Settings


def run() -> None:
    """Judge every merchant's completeness, which `sync` leaves to this, write the page, and say where it lies."""
    settings = Settings.from_env()
    lake = Lake.open(settings.lake, buckets=settings.buckets, source=settings.source)
    from rutter_assets.report.page import build  # here, so that no other command waits for the plotting library

    completeness.compute(lake, settings.start_date, sync.now(settings))
    report = build(lake)
    console = words.console()
    merchants = words.counted(report.merchants, "merchant", "merchants")
    console.print(f"Wrote {report.uri} ({report.size_bytes / 1e6:.1f} MB): {merchants}.", soft_wrap=True)
    if not report.merchants:
        console.print("The lake knows no merchant yet: run `rutter-assets demo`, or `make dev` and let it work.")
