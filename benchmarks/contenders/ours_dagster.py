"""This package under Dagster: one run of `read_transactions` over all days, its history on disk as it is for the UI."""

import os
from pathlib import Path

from benchmarks.job import Job
from rutter_assets.defs.everything import definitions_of
from rutter_assets.defs.in_process import instance_at
from rutter_assets.defs.jobs import READ_TRANSACTIONS
from rutter_assets.defs.partitions import range_tags
from rutter_assets.settings import Settings

PACKAGES = ("rutter-assets", "dagster")


def load(job: Job) -> None:
    """Plan, read, commit, check, and report every day."""
    os.environ |= {"RUTTER_CLIENT_ID": job.client_id, "RUTTER_CLIENT_SECRET": job.client_secret}
    os.environ |= {"RUTTER_BASE_URL": job.base_url, "RUTTER_LAKE": str(job.output)}
    os.environ |= {"RUTTER_START_DATE": job.first_day.isoformat()}
    os.environ |= {"RUTTER_REQUESTS_PER_10S": str(job.requests_per_10s)}
    with instance_at(Path(job.scratch)) as instance:
        definitions_of(Settings.from_env()).resolve_job_def(READ_TRANSACTIONS.name).execute_in_process(
            instance=instance,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            tags=range_tags(job.first_day, job.last_day),
        )
