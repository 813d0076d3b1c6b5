"""Whatever is run, nothing tells the client secret or an access token; a link is shown where a person acts on it."""

from typing import Final

import pytest

from tests.secrets import canary
from tests.secrets.conftest import Traces

pytestmark = pytest.mark.long

LINKS_ARE_SHOWN: Final = {
    "output of `status --links`",
    "output of `status` on a terminal",
    # The asset check of rutter/connections, which Dagster shows, and so keeps:
    "event ASSET_CHECK_EVALUATION",
    "file dagster/.db",
    "file dagster/.db table event_logs",
    "file dagster/.db table asset_check_executions",
}
"""Where a person finds the link of a merchant who must log in again; nowhere else."""


def test_nothing_that_was_said_or_written_holds_a_secret(traces: Traces) -> None:
    assert traces.holding(canary.SECRETS) == set()


def test_a_link_is_shown_where_a_person_acts_on_it_and_nowhere_else(traces: Traces) -> None:
    assert traces.holding(canary.LINKS) == LINKS_ARE_SHOWN


def test_secrets_go_over_the_wire_in_the_request_line_and_in_authorization_alone(traces: Traces) -> None:
    assert len(traces.sent) > 50
    for request in traces.sent:
        line, *headers = request.split(b"\r\n")
        assert [one for one in headers if canary.SECRETS.search(one) and not one.startswith(b"Authorization: ")] == []
        assert not canary.SECRETS.search(line) or line.startswith(b"GET /versioned/")


def test_nobody_but_the_api_is_connected_to(traces: Traces) -> None:
    assert {address for address in traces.addresses if address[1] not in traces.own_ports} == set()


def test_the_canaries_were_there_to_be_found(traces: Traces) -> None:
    """All of the above would hold if nothing had been run: so what was run is named here."""
    assert canary.SECRETS.search(b"".join(traces.sent))
    assert {"log", "run", "tick", "event ASSET_MATERIALIZATION", "event STEP_FAILURE"} <= traces.places.keys()
    for said in ("httpx HTTP Request", "httpcore", "rutter_assets", "dagster"):
        assert any(said.encode() in line for line in traces.places["log"]), said
