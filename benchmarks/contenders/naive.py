"""The naive loop: page after page with httpx, a pandas table of them, and a Parquet file for each connection."""

import httpx
import pandas as pd

from benchmarks.job import API_VERSION, PAGE_ROWS, VERSION_HEADER, Job

PACKAGES = ("httpx", "pandas", "pyarrow")


def load(job: Job) -> None:
    """One connection after the other, as the first script anybody writes does it."""
    headers = {VERSION_HEADER: API_VERSION}
    with httpx.Client(headers=headers, auth=(job.client_id, job.client_secret), timeout=60) as client:
        for account in job.accounts:
            rows: list[dict[str, object]] = []
            params = {"access_token": account.access_token, "limit": str(PAGE_ROWS)}
            while True:
                response = client.get(f"{job.base_url}/transactions", params=params)
                response.raise_for_status()
                page = response.json()
                rows += page["transactions"]
                if page["next_cursor"] is None:
                    break
                params["cursor"] = page["next_cursor"]
            table = pd.json_normalize(rows)
            table["connection_id"] = account.id
            table.to_parquet(job.output / f"{account.id}.parquet", index=False)
