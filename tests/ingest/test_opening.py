"""The decisions of the gate's watcher, and how it keeps its time."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from pydantic import SecretStr

from rutter_assets.ingest import opening
from rutter_assets.ingest.opening import Attempt, Cursor, Opening, look
from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from rutter_assets.rutter.types import Connection
from rutter_assets.sandbox import Merchant, Sandbox, faults
from tests.conftest import NOW, ServeWorld, row, source_of

START = date(2026, 10, 1)


def merchants(count: int) -> list[Merchant]:
    return [Merchant.of([row(n)], name=f"Merchant {n} (sample)", status="not_ready") for n in range(count)]


def look_once(
    sandbox: Sandbox, lake: Lake, cursor: Cursor, is_used: Callable[[str], bool] = lambda _: False, **options: float
) -> Opening:
    async def run() -> Opening:
        source = source_of(sandbox)
        async with source.client:
            return await look(
                source,
                lake,
                cursor,
                history_start=START,
                in_flight=(),
                is_used=is_used,
                now=NOW,
                **options,  # type: ignore[arg-type]
            )

    return asyncio.run(run())


def test_a_look_goes_on_after_the_last_one_asked(serve: ServeWorld, lake: Lake) -> None:
    sandbox = serve(*merchants(5))
    cursor, asked = Cursor(), []
    for _ in range(3):
        found = look_once(sandbox, lake, cursor, most_asked=2)
        cursor = found.cursor
        asked.append([decision.connection_id for decision in found.decisions])
    ids = sorted(merchant.id for merchant in sandbox.world.merchants)
    assert asked == [ids[0:2], ids[2:4], [ids[4], ids[0]]]


def test_a_connection_that_does_not_answer_costs_the_budget_and_no_more(serve: ServeWorld, lake: Lake) -> None:
    sandbox = serve(*merchants(1), faults=[faults.silent().on("/connections/status")])
    began = datetime.now(UTC)
    found = look_once(sandbox, lake, Cursor(), budget_s=0.5)
    assert datetime.now(UTC) - began < timedelta(seconds=3)
    assert [decision.kind for decision in found.decisions] == ["unreadable"]


def test_a_broken_ledger_is_its_connections_trouble_alone(serve: ServeWorld, lake: Lake) -> None:
    broken, good = Merchant.of([row(1)], name="A (sample)"), Merchant.of([row(2)], name="B (sample)")
    sandbox = serve(broken, good)
    lake.storage.write(layout.ledger(broken.id), b"{")
    found = look_once(sandbox, lake, Cursor())
    assert found.load == (good.id,)
    assert "B (sample)" not in {decision.name for decision in found.decisions if decision.kind == "unreadable"}


def test_a_key_that_a_run_has_used_up_is_not_given_again(serve: ServeWorld, lake: Lake) -> None:
    sandbox = serve(merchant := Merchant.of([row(1)]))
    first = look_once(sandbox, lake, Cursor())
    second = look_once(sandbox, lake, Cursor(), is_used=lambda key: key == first.run_key)
    assert second.run_key not in (None, first.run_key)
    assert second.cursor.attempts[merchant.id].generation == 2


def test_a_cursor_is_read_as_it_was_written() -> None:
    cursor = Cursor(after="b", attempts={"a": Attempt(3, NOW)})
    assert Cursor.decode(cursor.encode()) == cursor


def test_a_cursor_that_cannot_be_read_starts_anew() -> None:
    for text in (None, "", "no JSON", '{"version": 2}', '{"after": 7}', '{"another": "field"}', '["a list"]'):
        assert Cursor.decode(text) == Cursor()


def test_the_wait_after_a_failure_doubles_up_to_an_hour() -> None:
    minutes = [opening.backoff(generation) / timedelta(minutes=1) for generation in (1, 2, 3, 6, 7, 1000)]
    assert minutes == [1, 2, 4, 32, 60, 60]


def test_those_after_the_cursor_come_first() -> None:
    connections = [Connection(name, SecretStr("x"), "SHOPIFY") for name in "cabd"]
    assert "".join(one.id for one in opening.in_turn(connections, "b")) == "cdab"


def test_the_sentence_names_what_is_waited_for(serve: ServeWorld, lake: Lake) -> None:
    closed = Merchant.of([], name="Closed (sample)", status="disabled")
    found = look_once(serve(*merchants(1), closed), lake, Cursor())
    assert found.sentence == (
        "0 connections are loaded; of the others, 1 still in the API's own sync (Merchant 0 (sample));"
        " 1 disabled until the merchant acts (Closed (sample))."
    )
