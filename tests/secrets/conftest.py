"""Everything is run once, over a world of canaries and a wire that is listened to; the tests look at what it left."""

import logging
import re
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from rutter_assets.defs.everything import definitions_of
from rutter_assets.defs.partitions import range_tags
from rutter_assets.defs.resources import resources_of
from rutter_assets.sandbox import Clock, Merchant, Sandbox, World
from rutter_assets.settings import Settings
from tests.cli.command import on_a_terminal, run
from tests.conftest import row
from tests.secrets import canary
from tests.wire import CUT, Fault, Wire, answer

NOW = datetime.now(UTC).replace(hour=0, minute=0, second=1, microsecond=0)
START = NOW - timedelta(days=3)


def world() -> World:
    """One merchant of each state; those that cannot be read have a link to log in again."""
    states: list[Any] = ["active", "unhealthy", "needs_reauth", "disabled", "not_ready"]
    return World.of(
        [
            Merchant.of(
                [row(n, (NOW - timedelta(days=n % 3, hours=1)).isoformat(timespec="milliseconds")) for n in range(6)],
                name=f"{state} (sample)",
                status=state,
                access_token=canary.token(number),
            )
            for number, state in enumerate(states)
        ]
    )


@dataclass
class Traces:
    """What a run of everything left, by its place; `addresses` is whom this process connected to meanwhile."""

    places: dict[str, list[bytes]] = field(default_factory=dict)
    sent: list[bytes] = field(default_factory=list)
    addresses: set[tuple[str, int]] = field(default_factory=set)
    own_ports: set[int] = field(default_factory=set)

    def add(self, place: str, content: str | bytes) -> None:
        self.places.setdefault(place, []).append(content if isinstance(content, bytes) else content.encode())

    def holding(self, what: re.Pattern[bytes]) -> set[str]:
        """The places that hold what the pattern finds."""
        return {place for place, contents in self.places.items() if any(map(what.search, contents))}


class _Written(logging.Handler):
    """Every log line of every library."""

    def __init__(self, traces: Traces) -> None:
        super().__init__(logging.DEBUG)
        self._traces = traces

    def emit(self, record: logging.LogRecord) -> None:
        self._traces.add("log", f"{record.name} {self.format(record)}")


_listening: list[Traces] = []


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and _listening:
        _listening[-1].addresses.add(arguments[1])


sys.addaudithook(_hear)


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Traces:
    """All commands, all jobs and the sensor, in fair weather and foul, at every log level down to DEBUG."""
    folder, found = tmp_path_factory.mktemp("secrets"), Traces()
    handler = _Written(found)
    root = logging.getLogger()
    with (
        pytest.MonkeyPatch.context() as patch,
        Sandbox(world(), Clock.frozen(NOW), 100_000) as sandbox,
        Wire(sandbox, canary.SECRET) as wire,
    ):
        (folder / "temp").mkdir()
        patch.setattr(tempfile, "tempdir", str(folder / "temp"))
        env = _environment(wire, folder)
        for name, value in env.items():
            patch.setenv(name, value)
        level = root.level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        _listening.append(found)
        try:
            _run_commands(found, wire, env)
            _run_dagster(found, wire, folder / "dagster")
            erased = run("erase", "--connection", world().merchants[1].id, "--yes", env=env)
            found.add("output of `erase`", erased.output + repr(erased.exception))
        finally:
            _listening.pop()
            root.removeHandler(handler)
            root.setLevel(level)
        found.sent = list(wire.sent)
        found.own_ports = {int(url.rsplit(":", 1)[1].split("/")[0]) for url in (wire.base_url, sandbox.base_url)}
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            for part, content in canary.read(file):
                found.add(f"file {file.relative_to(folder).parts[0]}/{file.suffix or file.name}{part}", content)
    return found


def _environment(wire: Wire, folder: Path) -> dict[str, str]:
    return {
        "RUTTER_LAKE": str(folder / "lake"),
        "RUTTER_START_DATE": str(START.date()),
        "RUTTER_BASE_URL": wire.base_url,
        "RUTTER_CLIENT_ID": wire.client_id,
        "RUTTER_CLIENT_SECRET": wire.client_secret,
        "RUTTER_REQUESTS_PER_10S": "100000",
        "DAGSTER_HOME": str(folder / "dagster"),
    }


def _run_commands(found: Traces, wire: Wire, env: dict[str, str]) -> None:
    merchant = world().merchants[0].id
    in_turn: dict[str, Fault] = {
        "sync": unusable,
        "-v sync": foul_weather(),
        "plan": fair,
        "doctor": fair,
        "status": fair,
        "status --links": fair,
        "sync --updates": fair,
        f"resync --connection {merchant}": unusable,
        "resync --connection nobody": fair,
        "tables": fair,
        "demo": fair,
        "report": fair,
        "as-of fee_totals --at 2100-01-01T00:00:00Z": fair,
        "sync --from yesterday": fair,
    }
    for command, wire.fault in in_turn.items():
        result = run(*command.split(), env=env)
        found.add(f"output of `{command}`", result.output + repr(result.exception))
    found.add("output of `status` on a terminal", on_a_terminal("status", env=env))
    found.add("output of `sync` on a terminal", on_a_terminal("-v", "sync", env=env))
    for wrong in ({"RUTTER_CLIENT_ID": "", "RUTTER_BASE_URL": ""}, {"RUTTER_CLIENT_SECRET": canary.SECRET[:-1]}):
        found.add("output with wrong credentials", run("status", env=env | wrong).output)


def _run_dagster(found: Traces, wire: Wire, home: Path) -> None:
    """Jobs that fail and the sensor, on the demo's instance, but keeping what a run writes to stdout and stderr."""
    settings = Settings.from_env()
    definitions = definitions_of(settings)
    tags = range_tags(START.date(), NOW.date())
    with dg.DagsterInstance.local_temp(str(home)) as instance:
        in_turn: dict[str, Fault] = {
            "snapshot_connections": foul_weather(),
            "read_transactions": unusable,
        }
        for job, wire.fault in in_turn.items():
            of_days = tags if job == "read_transactions" else {}
            result = definitions.resolve_job_def(job).execute_in_process(
                instance=instance, tags=of_days, raise_on_error=False
            )
            for event in result.all_events:
                found.add(f"event {event.event_type_value}", repr(event))
            record = instance.get_run_by_id(result.run_id)
            found.add("run", repr(record) + repr(record and instance.get_job_snapshot(record.job_snapshot_id or "")))
        sensor = definitions.resolve_sensor_def("historical_sync_sensor")
        with dg.build_sensor_context(instance=instance, resources=resources_of(settings)) as context:
            found.add("tick", repr(sensor(context)))


def fair(_: bytes) -> None:
    """Nothing goes wrong."""


def foul_weather() -> Fault:
    """Each request fails once before it is answered: cut, or failed with an echo of the request, in turns."""
    met: set[bytes] = set()

    def fault(request: bytes) -> bytes | None:
        if request in met:
            return None
        met.add(request)
        return CUT if len(met) % 2 else answer(500, request)

    return fault


def unusable(request: bytes) -> bytes | None:
    """No transaction is answered, but with an echo of the request."""
    return answer(400, request) if b"/transactions" in request else None
