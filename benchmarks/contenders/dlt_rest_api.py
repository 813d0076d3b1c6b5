"""dlt: its `rest_api` source, a parallelized resource for each connection, to Parquet with its filesystem destination.

As https://dlthub.com/docs/dlt-ecosystem/verified-sources/rest_api and https://dlthub.com/docs/reference/performance
have it: a worker for each connection, pages yielded whole, one table. The answers do not say whose they are, so a
processing step adds it. The source as a whole is `parallelized`: dlt 1.31 loses that flag of a single resource when
arguments are bound to it, as `rest_api` does, and reads one connection after the other. A child resource over a parent
`connections`, and a process pool for normalizing with files rotated for it, were tried and took the same time.
"""

# mypy: disable-error-code="import-not-found, misc"

from collections.abc import Callable
from typing import Any

import dlt
import pyarrow.parquet  # noqa: F401 - imported before the clock starts, as dlt would after it
from dlt.destinations import filesystem
from dlt.sources.rest_api import rest_api_source

from benchmarks.job import API_VERSION, PAGE_ROWS, VERSION_HEADER, Account, Job

PACKAGES = ("dlt", "pyarrow")

Row = dict[str, Any]


def load(job: Job) -> None:
    """Extract, normalize, load."""
    dlt.config["runtime.dlthub_telemetry"] = False
    dlt.config["extract.workers"] = len(job.accounts)
    pipeline = dlt.pipeline(
        "rutter",
        pipelines_dir=str(job.scratch),
        destination=filesystem(bucket_url=job.output.as_uri()),
        dataset_name="rutter",
    )
    source = rest_api_source(_config(job), name="rutter", max_table_nesting=0, parallelized=True)
    pipeline.run(source, loader_file_format="parquet").raise_on_failed_jobs()


def _config(job: Job) -> Any:
    return {
        "client": {
            "base_url": f"{job.base_url}/",
            "auth": {"type": "http_basic", "username": job.client_id, "password": job.client_secret},
            "headers": {VERSION_HEADER: API_VERSION},
            "paginator": {"type": "cursor", "cursor_path": "next_cursor", "cursor_param": "cursor"},
        },
        "resource_defaults": {"table_name": "transactions", "primary_key": "id"},
        "resources": [
            {
                "name": f"transactions_{number}",
                "endpoint": {
                    "path": "transactions",
                    "params": {"access_token": account.access_token, "limit": PAGE_ROWS},
                    "data_selector": "transactions",
                },
                "processing_steps": [{"map": _marked(account)}],
            }
            for number, account in enumerate(job.accounts)
        ],
    }


def _marked(account: Account) -> Callable[[Row], Row]:
    def mark(row: Row) -> Row:
        row["connection_id"] = account.id
        return row

    return mark
