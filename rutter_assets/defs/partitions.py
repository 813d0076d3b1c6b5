"""The partitions of everything dated: UTC days from the configured start to today, today included."""

import warnings
from datetime import UTC, date, datetime, timedelta
from typing import Final

import dagster as dg

from rutter_assets.settings import Settings

RANGE_START_TAG: Final = "dagster/asset_partition_range_start"
RANGE_END_TAG: Final = "dagster/asset_partition_range_end"
"""Dagster's own tags: one run over all days between them, both included."""

with warnings.catch_warnings():
    # One run for a whole range is a beta feature of Dagster's, and what this package is built upon.
    warnings.simplefilter("ignore", dg.BetaWarning)
    ONE_RUN_FOR_A_RANGE: Final = dg.BackfillPolicy.single_run()


def days_of(settings: Settings) -> dg.DailyPartitionsDefinition:
    """The days that the settings name; where a sandbox's clock stands still, its today is the last one."""
    start = settings.start_date.isoformat()
    if settings.sandbox_clock is None or settings.source == "api":
        return dg.DailyPartitionsDefinition(start_date=start, end_offset=1, timezone="UTC")
    after_last = max(settings.sandbox_clock.date(), settings.start_date) + timedelta(days=1)
    ahead = max(1, (after_last - datetime.now(UTC).date()).days)
    return dg.DailyPartitionsDefinition(
        start_date=start, end_date=after_last.isoformat(), end_offset=ahead, timezone="UTC"
    )


def first_day(days: dg.DailyPartitionsDefinition) -> date:
    """The configured start."""
    return days.start.date()


def last_day(days: dg.DailyPartitionsDefinition) -> date:
    """Today."""
    return date.fromisoformat(days.get_last_partition_key() or days.start.date().isoformat())


def range_tags(first: date, last: date) -> dict[str, str]:
    """The tags by which one run covers the days from `first` to `last`."""
    return {RANGE_START_TAG: first.isoformat(), RANGE_END_TAG: last.isoformat()}


def a_day_and_those_before(count: int) -> dg.TimeWindowPartitionMapping:
    """The mapping by which a day is made of itself and of so many days before it."""
    with warnings.catch_warnings():
        # The first days look back beyond the configured start; that they may is a beta feature of Dagster's.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return dg.TimeWindowPartitionMapping(start_offset=-count, allow_nonexistent_upstream_partitions=True)


def its_days() -> dg.TimeWindowPartitionMapping:
    """The mapping by which a month, a week or a day is made of its days, as far as the lake has partitions of them."""
    return a_day_and_those_before(0)
