"""A small world over the last days, served over real HTTP, named by the environment, and an instance to run against."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from rutter_assets.defs.everything import definitions_of
from rutter_assets.defs.partitions import range_tags
from rutter_assets.defs.resources import resources_of
from rutter_assets.lake.lake import Lake
from rutter_assets.sandbox import Clock, Merchant, Sandbox, World
from rutter_assets.settings import Settings
from tests.conftest import ServeWorld, row

DAYS_BACK = 6
"""How many days before today the configured start lies."""

NOOP_LOGS = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}


@dataclass
class Stage:
    """Everything of one test: the world, what Dagster makes of it, and an instance."""

    sandbox: Sandbox
    settings: Settings
    instance: dg.DagsterInstance
    today: date
    definitions: dg.Definitions = field(init=False)

    def __post_init__(self) -> None:
        self.definitions = definitions_of(self.settings)

    def day(self, ago: int) -> date:
        return self.today - timedelta(days=ago)

    @property
    def lake(self) -> Lake:
        return Lake.open(self.settings.lake, buckets=1, source="api")

    @property
    def resources(self) -> dict[str, Any]:
        return resources_of(self.settings)

    def run(
        self,
        job: str,
        *,
        first: int | None = None,
        last: int | None = None,
        config: dict[str, Any] | None = None,
        tags: dict[str, str] | None = None,
    ) -> dg.ExecuteInProcessResult:
        """Run a job of the package over the days from `first` to `last`, both in days ago."""
        of_range = {} if first is None or last is None else range_tags(self.day(first), self.day(last))
        return self.definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance, tags={**of_range, **(tags or {})}, run_config=config or {}, raise_on_error=False
        )

    def read(self, first: int, last: int, **config: Any) -> dg.ExecuteInProcessResult:
        """Run `read_transactions` with this config."""
        return self.run(
            "read_transactions", first=first, last=last, config={"ops": {"rutter__transactions": {"config": config}}}
        )

    def run_checks(self, *keys: dg.AssetCheckKey) -> dict[str, dg.AssetCheckEvaluation]:
        """Run checks by themselves, as the button in the UI does."""
        everything = self.definitions.resolve_implicit_global_asset_job_def()
        job = everything.get_subset(asset_selection=set(), asset_check_selection=set(keys))
        result = job.execute_in_process(instance=self.instance)
        return {found.check_name: found for found in result.get_asset_check_evaluations()}

    def run_request(self, job: str, request: dg.RunRequest) -> dg.ExecuteInProcessResult:
        """Run what a sensor or a schedule asked for, with the tags that Dagster adds."""
        key = {} if request.run_key is None else {"dagster/run_key": request.run_key}
        return self.run(job, config=dict(request.run_config), tags={**request.tags, **key})

    def reported(self, table: str) -> list[date]:
        """The days of an asset that are marked as materialized."""
        return sorted(
            map(date.fromisoformat, self.instance.get_materialized_partitions(dg.AssetKey(["rutter", table])))
        )

    def metadata(self, table: str, day: date) -> dict[str, Any]:
        """The values of the last materialization of a day."""
        records = self.instance.fetch_materializations(
            dg.AssetRecordsFilter(asset_key=dg.AssetKey(["rutter", table]), asset_partitions=[day.isoformat()]), limit=1
        ).records
        found = records[0].asset_materialization
        assert found is not None
        return {name: value.value for name, value in found.metadata.items()}


StageOf = Callable[..., Stage]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as one:
        yield one


@pytest.fixture
def stage_of(
    serve: ServeWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instance: dg.DagsterInstance
) -> StageOf:
    """Make a stage of merchants, or of a `world`: `stage_of(merchant, ...)`."""

    def make(*merchants: Merchant, world: World | None = None, now: datetime | None = None, **options: Any) -> Stage:
        now = now or datetime.now(UTC)
        sandbox = serve(*merchants, world=world, clock=Clock.frozen(now), requests_per_10s=100_000, **options)
        monkeypatch.setenv("RUTTER_BASE_URL", sandbox.base_url)
        monkeypatch.setenv("RUTTER_CLIENT_ID", sandbox.client_id)
        monkeypatch.setenv("RUTTER_CLIENT_SECRET", sandbox.client_secret)
        monkeypatch.setenv("RUTTER_LAKE", str(tmp_path / "lake"))
        monkeypatch.setenv("RUTTER_START_DATE", str(now.date() - timedelta(days=DAYS_BACK)))
        return Stage(sandbox, Settings.from_env(), instance, now.date())

    return make


def sales(*days_ago: int, name: str = "Alder & Ash (sample)", per_day: int = 2, **fields: Any) -> Merchant:
    """A merchant with some sales on each of these days; `fields` change its rows, or are the merchant's own."""
    own = {key: fields.pop(key) for key in ("status", "disabled_reason", "ready_at") if key in fields}
    rows = [
        row(100 * ago + number, at(ago, number), **{"id": f"{name}-{ago}-{number}", **fields})
        for ago in days_ago
        for number in range(per_day)
    ]
    return Merchant.of(rows, name=name, **own)


def at(days_ago: int, minute: int = 0) -> str:
    """An instant in the small hours of a day, as the API writes it; of today, one that has passed."""
    midnight = datetime.combine(datetime.now(UTC).date() - timedelta(days=days_ago), time(tzinfo=UTC))
    return (midnight + timedelta(seconds=minute)).isoformat(timespec="milliseconds")
