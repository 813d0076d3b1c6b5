"""The resources: the API, the lake, the engine of the marts, and who watches a sync.

Each is made of `Settings`. The client id is given to Dagster as the name of its variable, the client secret not at all:
it is read from the environment where a run needs it, so that no config, and nothing that Dagster stores, holds it.
"""

import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from typing import Any, Self

import dagster as dg
from pydantic import Field

from rutter_assets.ingest.logged import Logged
from rutter_assets.ingest.progress import Progress
from rutter_assets.ingest.source import Source, open_source
from rutter_assets.lake.lake import Lake
from rutter_assets.marts.mart import Mart, MartDay, compute
from rutter_assets.marts.quality import Conservation, Quality, conservation, quality
from rutter_assets.settings import Settings

ProgressOf = Callable[[logging.Logger], Progress]
"""Makes the progress of one run from the run's log."""


class RutterApi(dg.ConfigurableResource[Any]):
    """The Rutter API, or without credentials the sandbox in the process of the run."""

    client_id: str | None = Field(None, description="The client id; without it the embedded sandbox answers.")
    base_url: str | None = Field(None, description="Where the API is; without credentials it is not used.")
    api_version: str = Field(description="The version of the API that is asked for.")
    requests_per_10s: int = Field(description="The pace that all requests share.")
    sandbox_seed: int = Field(description="The seed of the sandbox's world.")
    sandbox_clock: str | None = Field(None, description="The instant at which the sandbox's world stands still.")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The resource that the settings describe; the credentials are read where a run needs them."""
        clock = settings.sandbox_clock
        is_api = settings.source == "api"
        return cls(
            client_id=dg.EnvVar("RUTTER_CLIENT_ID") if is_api else None,
            base_url=settings.base_url if is_api else None,
            api_version=settings.api_version,
            requests_per_10s=settings.requests_per_10s,
            sandbox_seed=settings.sandbox_seed,
            sandbox_clock=None if clock is None else clock.isoformat(),
        )

    def open(self, lake: Lake) -> AbstractAsyncContextManager[Source]:
        """The source to read from, open for as long as the block runs."""
        given: dict[str, Any] = {
            "client_id": self.client_id,
            "api_version": self.api_version,
            "requests_per_10s": self.requests_per_10s,
            "sandbox_seed": self.sandbox_seed,
            "sandbox_clock": None if self.sandbox_clock is None else datetime.fromisoformat(self.sandbox_clock),
        }
        if self.client_id is None:
            given["client_secret"] = None  # else the settings take it from the environment
        if self.base_url is not None:
            given["base_url"] = self.base_url
        return open_source(Settings(**given), lake)


class RutterLake(dg.ConfigurableResource[Any]):
    """The lake: Parquet by day, ledgers, snapshots."""

    location: str = Field(description="A folder, or the URL of a place in an object store.")
    buckets: int = Field(description="How many files a day has; fixed when the lake is made.")
    source: str = Field(description="Whose data it holds: api or sandbox, which never share a lake.")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The resource that the settings describe."""
        return cls(location=settings.lake, buckets=settings.buckets, source=settings.source)

    def open(self) -> Lake:
        """The lake, made if it is not there; a `SettingError` where nothing can be written, or the settings differ."""
        return Lake.open(self.location, buckets=self.buckets, source=self.source)


class DuckDb(RutterLake):
    """The lake through DuckDB: an in-memory engine of its own for each computation of a mart or a check."""

    def compute(self, mart: Mart, days: Iterable[date], known_on: date, run_id: str) -> list[MartDay]:
        """Compute the mart's days and replace the files that differ; see `marts.mart.compute`."""
        return compute(self.open(), mart, days, known_on, run_id)

    def quality(self, days: Iterable[date]) -> Quality:
        """What the days' transactions look like; see `marts.quality.quality`."""
        return quality(self.open(), days)

    def conservation(self, mart: Mart, days: Iterable[date]) -> Conservation:
        """The mart's sums beside the transactions'; see `marts.quality.conservation`."""
        return conservation(self.open(), mart, days)


def resources_of(settings: Settings, progress_of: ProgressOf = Logged) -> dict[str, object]:
    """All resources by name; `progress_of` makes what watches the sync of a run."""
    return {
        "api": RutterApi.of(settings),
        "lake": RutterLake.of(settings),
        "duckdb": DuckDb.of(settings),
        "progress_of": progress_of,
    }
