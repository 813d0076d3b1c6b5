"""The jobs that sensors, schedules and the demo ask for, under names that say what a run does."""

from typing import Final

import dagster as dg

from rutter_assets.defs.keys import COMPLETENESS, CONNECTIONS, REPORT, TRANSACTIONS, WAREHOUSE, key_of
from rutter_assets.marts.mart import MARTS

RETRIES: Final = {"dagster/max_retries": "2"}
"""A retry reads only what the first try did not, so it is cheap; see `transactions`."""

SNAPSHOT_CONNECTIONS: Final = dg.define_asset_job(
    "snapshot_connections",
    selection=dg.AssetSelection.assets(CONNECTIONS),
    tags=RETRIES,
    description="Take a snapshot of every merchant's connection.",
)
READ_TRANSACTIONS: Final = dg.define_asset_job(
    "read_transactions",
    selection=dg.AssetSelection.assets(TRANSACTIONS),
    tags=RETRIES,
    description="Read the days of a range of every merchant whose gate is open.",
)
COMPUTE_MARTS: Final = dg.define_asset_job(
    "compute_marts",
    selection=dg.AssetSelection.assets(*map(key_of, MARTS)),
    tags=RETRIES,
    description="Compute all marts of the days of a range.",
)
AGE_COHORTS: Final = dg.define_asset_job(
    "age_cohorts",
    selection=dg.AssetSelection.assets(key_of("refund_cohorts")),
    tags=RETRIES,
    description="Compute the cohorts that are a day older, and any other that changed.",
)
PUBLISH: Final = dg.define_asset_job(
    "publish",
    selection=dg.AssetSelection.assets(COMPLETENESS, WAREHOUSE, REPORT),
    tags=RETRIES,
    description="Judge every merchant's completeness, build the warehouse and write the report.",
)
