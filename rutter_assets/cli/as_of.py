"""`rutter-assets as-of`: a mart as it was known at an instant, as CSV for whoever must show what was known when."""

import csv
import sys
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal

from rutter_assets.errors import SettingError
from rutter_assets.lake.lake import Lake
from rutter_assets.marts.as_of import as_of
from rutter_assets.marts.mart import MARTS
from rutter_assets.settings import Settings


def run(mart: str, at: str, from_: str | None, to: str | None) -> None:
    """Print the rows, a head first; money with all its digits, null as nothing."""
    if mart not in MARTS:
        raise SettingError(f"There is no mart {mart!r}: give one of {', '.join(MARTS)}.")
    settings = Settings.from_env()
    first, last = _day("--from", from_, date.min), _day("--to", to, date.max)
    instant = _instant(at)
    lake = Lake.open(settings.lake, buckets=settings.buckets, source=settings.source)
    rows = as_of(lake, MARTS[mart], instant)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(rows.schema.names)
    for row in rows.to_pylist():
        if first <= row["date"] <= last:
            writer.writerow([f"{value:f}" if isinstance(value, Decimal) else value for value in row.values()])


def _day(option: str, text: str | None, default: date) -> date:
    try:
        return default if text is None else date.fromisoformat(text)
    except ValueError:
        raise SettingError(f"{option} is {text!r}: give a UTC date as YYYY-MM-DD, such as 2026-11-01.") from None


def _instant(text: str) -> datetime:
    with suppress(ValueError):
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is not None:
            return instant
    raise SettingError(f"--at is {text!r}: give an instant with its offset, such as 2026-11-01T12:00:00Z.")
