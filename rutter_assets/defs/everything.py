"""Everything that Dagster knows over one lake: assets with their checks, jobs, sensors, schedules and resources."""

import dagster as dg

from rutter_assets.defs.automation import automation_sensor
from rutter_assets.defs.completeness import completeness_asset
from rutter_assets.defs.connections import connections_asset
from rutter_assets.defs.jobs import AGE_COHORTS, COMPUTE_MARTS, PUBLISH, READ_TRANSACTIONS, SNAPSHOT_CONNECTIONS
from rutter_assets.defs.marts import mart_asset
from rutter_assets.defs.partitions import days_of
from rutter_assets.defs.report import report_asset
from rutter_assets.defs.resources import ProgressOf, resources_of
from rutter_assets.defs.schedules import cohorts_daily, connections_hourly, last_days_daily, updates_hourly
from rutter_assets.defs.sensors import historical_sync_sensor
from rutter_assets.defs.transactions import transactions_asset
from rutter_assets.defs.warehouse import warehouse_asset
from rutter_assets.ingest.logged import Logged
from rutter_assets.marts.mart import MARTS
from rutter_assets.settings import Settings


def definitions_of(settings: Settings, progress_of: ProgressOf = Logged) -> dg.Definitions:
    """Everything that Dagster knows, over one lake; `progress_of` makes what watches the sync of a run."""
    days = days_of(settings)
    return dg.Definitions(
        assets=[
            connections_asset(settings),
            transactions_asset(settings, days),
            *(mart_asset(mart, settings, days) for mart in MARTS.values()),
            completeness_asset(settings),
            warehouse_asset(settings),
            report_asset(settings),
        ],
        jobs=[SNAPSHOT_CONNECTIONS, READ_TRANSACTIONS, COMPUTE_MARTS, AGE_COHORTS, PUBLISH],
        sensors=[historical_sync_sensor(days), automation_sensor()],
        schedules=[connections_hourly(), updates_hourly(days), last_days_daily(days), cohorts_daily(days)],
        resources=resources_of(settings, progress_of),
        executor=dg.in_process_executor,  # each run has a process of its own already
    )
