"""The schedules, running by default: a snapshot and changes by the hour, cohorts and last days by night."""

from datetime import UTC, timedelta
from typing import Final

import dagster as dg

from rutter_assets.defs.jobs import AGE_COHORTS, READ_TRANSACTIONS, SNAPSHOT_CONNECTIONS
from rutter_assets.defs.partitions import first_day, last_day, range_tags
from rutter_assets.defs.transactions import TRANSACTIONS_OP

LAST_DAYS: Final = 3
"""Full days before today that the nightly run reads again: rows appear late, and change."""


def connections_hourly() -> dg.ScheduleDefinition:
    """A snapshot of the connections, every hour on the hour."""
    return dg.ScheduleDefinition(
        name="connections_hourly",
        job=SNAPSHOT_CONNECTIONS,
        cron_schedule="0 * * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Takes a snapshot of every merchant's connection.",
    )


def updates_hourly(days: dg.DailyPartitionsDefinition) -> dg.ScheduleDefinition:
    """What changed, every hour, minutes after the snapshot that says which sources were synced since."""

    @dg.schedule(
        name="updates_hourly",
        job=READ_TRANSACTIONS,
        cron_schedule="5 * * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Reads what changed of every loaded merchant, however old the day, and reports those days.",
    )
    def updates(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        at, today = context.scheduled_execution_time.astimezone(UTC), last_day(days)
        config = {"ops": {TRANSACTIONS_OP: {"config": {"updates": True}}}}
        return dg.RunRequest(run_key=f"updates-{at:%Y-%m-%dT%H:%M}", run_config=config, tags=range_tags(today, today))

    return updates


def last_days_daily(days: dg.DailyPartitionsDefinition) -> dg.ScheduleDefinition:
    """The last days of transactions, every night."""

    @dg.schedule(
        name="last_days_daily",
        job=READ_TRANSACTIONS,
        cron_schedule="30 1 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Reads today's and the last {LAST_DAYS} days' transactions of every merchant again.",
    )
    def last_days(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        today = min(context.scheduled_execution_time.astimezone(UTC).date(), last_day(days))
        first = max(today - timedelta(days=LAST_DAYS), first_day(days))
        return dg.RunRequest(run_key=f"last-days-{today}", tags=range_tags(first, today))

    return last_days


def cohorts_daily(days: dg.DailyPartitionsDefinition) -> dg.ScheduleDefinition:
    """The cohorts, after every midnight: time alone makes some of them old enough to have a rate."""

    @dg.schedule(
        name="cohorts_daily",
        job=AGE_COHORTS,
        cron_schedule="15 0 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Computes the cohorts that became 7, 30, 60 or 90 days old.",
    )
    def cohorts(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        at, today = context.scheduled_execution_time.astimezone(UTC), last_day(days)
        return dg.RunRequest(run_key=f"cohorts-{at:%Y-%m-%d}", tags=range_tags(today, today))

    return cohorts
