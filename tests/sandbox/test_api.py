"""Credentials, headers, error bodies, the connection calls."""

from collections.abc import Callable

import httpx
import pytest

from rutter_assets.sandbox import Merchant, Sandbox

from .caller import VERSION, Caller

Named = Callable[[str], Merchant]


def _code(response: httpx.Response) -> tuple[int, str]:
    body = response.json()
    assert set(body) == {"error_type", "error_code", "error_message"}
    return response.status_code, body["error_code"]


@pytest.mark.parametrize("auth", [None, ("sandbox-client-id", "wrong"), ("wrong", "wrong")])
def test_wrong_basic_auth_is_401(demo: Sandbox, auth: tuple[str, str] | None) -> None:
    response = httpx.get(f"{demo.base_url}/connections", auth=auth, headers=VERSION)
    assert _code(response) == (401, "INVALID_CREDENTIALS")


def test_an_unknown_access_token_has_the_same_code_as_wrong_basic_auth(demo_caller: Caller) -> None:
    for path in ("/transactions", "/transactions/x", "/connections/status", "/connections/access_token"):
        response = demo_caller.get(path, params={"access_token": "00000000-0000-0000-0000-000000000000"})
        assert _code(response) == (401, "INVALID_CREDENTIALS")


@pytest.mark.parametrize("headers", [{"X-Rutter-Version": ""}, {"X-Rutter-Version": "2019-01-01"}])
def test_the_version_header_must_name_a_known_version(demo_caller: Caller, headers: dict[str, str]) -> None:
    assert _code(demo_caller.get("/connections", headers=headers))[0] == 400


def test_the_version_header_must_be_there(demo: Sandbox) -> None:
    response = httpx.get(f"{demo.base_url}/connections", auth=(demo.client_id, demo.client_secret))
    assert _code(response)[0] == 400


def test_every_answer_carries_its_own_request_id(demo: Sandbox, demo_caller: Caller) -> None:
    answers = [demo_caller.get("/connections"), demo_caller.get("/nowhere"), httpx.get(demo.base_url)]
    assert len({answer.headers["X-Rutter-Request-ID"] for answer in answers}) == 3


def test_an_unknown_path_is_404_with_an_error_body(demo_caller: Caller) -> None:
    assert _code(demo_caller.get("/commerce/transactions"))[0] == 404


@pytest.mark.parametrize(
    "params",
    [
        {"limit": "0"},
        {"limit": "501"},
        {"limit": "-1"},
        {"limit": "ten"},
        {"limit": ""},
        {"sort": "newest"},
        {"cursor": "not a cursor"},
        {"cursor": "bm90IGEgY3Vyc29y"},
        {"cursor": ""},
        {"created_at_min": "2026-01-01"},
        {"created_at_max": "1.5"},
        {"updated_at_min": "-5"},
        {"updated_at_max": "9" * 5000},
        {"force_fetch": "yes"},
    ],
)
def test_a_bad_parameter_is_400(demo_caller: Caller, named: Named, params: dict[str, str]) -> None:
    assert _code(demo_caller.transactions(named("Teapot"), **params))[0] == 400


def test_a_missing_access_token_is_400(demo_caller: Caller) -> None:
    assert _code(demo_caller.get("/transactions"))[0] == 400


@pytest.mark.parametrize(
    ("name", "code"),
    [("Slowpoke", "PRODUCT_NOT_READY"), ("Forgetful", "NEEDS_UPDATE"), ("Shuttered", "CONNECTION_DISABLED")],
)
def test_data_that_cannot_be_had_is_400_and_says_why(demo_caller: Caller, named: Named, name: str, code: str) -> None:
    assert _code(demo_caller.transactions(named(name))) == (400, code)


def test_force_fetch_helps_against_an_unfinished_initial_sync_only(demo_caller: Caller, named: Named) -> None:
    served = demo_caller.transactions(named("Slowpoke"), force_fetch="true")
    assert served.status_code == 200
    assert served.json()["transactions"]
    for name in ("Forgetful", "Shuttered"):
        assert demo_caller.transactions(named(name), force_fetch="true").status_code == 400


def test_the_list_of_connections_hides_needs_reauth_and_disabled_unless_asked(demo_caller: Caller) -> None:
    def words(**params: str) -> set[str]:
        listed = demo_caller.get("/connections", params=params).json()["connections"]
        return {connection["status"] for connection in listed}

    assert words() == {"active", "not_ready"}
    assert words(status="any") == {"active", "not_ready", "needs_reauth", "disabled"}
    assert words(status="disabled") == {"disabled"}
    assert words(status="unhealthy") == set()
    assert demo_caller.get("/connections", params={"status": "all"}).status_code == 400


def test_a_listed_connection_has_all_the_documented_fields(demo_caller: Caller) -> None:
    connection = demo_caller.get("/connections").json()["connections"][0]
    fields = {"id", "access_token", "link_url", "platform", "created_at", "updated_at", "status", "name"}
    assert set(connection) == fields
    assert all(isinstance(value, str) for value in connection.values())


def test_the_status_call_answers_for_connections_whose_data_cannot_be_had(demo_caller: Caller, named: Named) -> None:
    disabled = demo_caller.status(named("Shuttered"))
    assert disabled["disabled_status"] == {"is_disabled": True, "disabled_reason": "SHOP_PAYMENT_REQUIRED"}
    assert disabled["is_healthy"] is False
    reauth = demo_caller.status(named("Forgetful"))
    assert reauth["needs_update_status"] == {"needs_update": True}
    assert reauth["disabled_status"] == {"is_disabled": False, "disabled_reason": None}
    assert reauth["last_sync_completed_at"] == "2026-11-11T10:00:00.000Z"
    assert reauth["historical_sync_status"]["synced_transactions_count"] > 3000
    unready = demo_caller.status(named("Slowpoke"))
    assert unready["is_ready"] is False
    assert unready["last_sync_completed_at"] is None


def test_the_counters_are_those_of_the_visible_rows(demo_caller: Caller, named: Named) -> None:
    merchant = named("Teapot")
    rows = demo_caller.walk(merchant, limit=500, sort="asc")
    history = demo_caller.status(merchant)["historical_sync_status"]
    assert history["synced_transactions_count"] == len(rows)
    assert history["total"]["transactions"] == {
        "oldest_entity_date": rows[0]["created_at"],
        "newest_entity_date": rows[-1]["created_at"],
        "synced_count": len(rows),
        "ready": True,
    }


def test_one_merchant_spells_its_counter_as_the_documentation_page_does(demo_caller: Caller, named: Named) -> None:
    history = demo_caller.status(named("Moss"))["historical_sync_status"]
    assert "synced_transaction_count" in history
    assert "synced_transactions_count" not in history


def test_the_connection_call_describes_one_connection(demo_caller: Caller, named: Named) -> None:
    merchant = named("Shuttered")
    body = demo_caller.get("/connections/access_token", params={"access_token": merchant.access_token}).json()
    assert body["connection"]["id"] == merchant.id
    assert body["connection"]["disabled"] is True
    assert body["connection"]["needs_update"] is False


def test_one_transaction_alone_has_an_array_of_types(demo_caller: Caller, named: Named) -> None:
    merchant = named("Quillfeather")
    listed = demo_caller.transactions(merchant, limit=1).json()["transactions"][0]
    path, token = f"/transactions/{listed['id']}", {"access_token": merchant.access_token}
    alone = demo_caller.get(path, params=token).json()
    assert alone["transaction"] == listed | {"type": [listed["type"]]}
    assert alone["connection"]["id"] == merchant.id
    assert demo_caller.get("/transactions/unheard-of", params=token).status_code == 404


def test_an_unknown_parameter_is_ignored(demo_caller: Caller, named: Named) -> None:
    assert demo_caller.transactions(named("Teapot"), expand="platform_data", limit=1).status_code == 200
