"""Settings: each wrong one is a sentence that names it and the mend, and never shows a secret."""

from datetime import UTC, date, datetime, timedelta

import pytest

from rutter_assets.errors import SettingError
from rutter_assets.settings import Settings


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("RUTTER_"):
            monkeypatch.delenv(name)


def test_without_credentials_the_sandbox_is_the_source() -> None:
    settings = Settings.from_env()
    assert (settings.source, settings.lake, settings.requests_per_10s, settings.buckets) == (
        "sandbox",
        "data/lake",
        500,
        1,
    )


def test_with_credentials_the_api_is_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUTTER_CLIENT_ID", "invented-id")
    monkeypatch.setenv("RUTTER_CLIENT_SECRET", "invented-secret")
    settings = Settings.from_env()
    assert (settings.source, settings.base_url) == ("api", "https://production.rutterapi.com/versioned")
    assert "invented-secret" not in repr(settings)


TOMORROW = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()
WRONG = [
    ({"RUTTER_CLIENT_ID": "x"}, "RUTTER_CLIENT_SECRET is missing while RUTTER_CLIENT_ID is set: set both"),
    ({"RUTTER_CLIENT_SECRET": "canary"}, "RUTTER_CLIENT_ID is missing while RUTTER_CLIENT_SECRET is set: set both"),
    ({"RUTTER_BASE_URL": "https://example.com/versioned"}, "RUTTER_BASE_URL is set without credentials"),
    ({"RUTTER_BASE_URL": "http://example.com"}, "RUTTER_BASE_URL is 'http://example.com': give an https URL"),
    ({"RUTTER_BASE_URL": "http://10.0.0.1"}, "RUTTER_BASE_URL is 'http://10.0.0.1': give an https URL"),
    ({"RUTTER_BASE_URL": "http://127.0.0.1.example.com"}, "give an https URL"),
    ({"RUTTER_BASE_URL": "127.0.0.1:80"}, "give an https URL"),
    (
        {"RUTTER_START_DATE": "01.02.2024"},
        "RUTTER_START_DATE is '01.02.2024': give a UTC date of the past as YYYY-MM-DD",
    ),
    ({"RUTTER_START_DATE": TOMORROW}, "RUTTER_START_DATE is"),
    ({"RUTTER_REQUESTS_PER_10S": "many"}, "RUTTER_REQUESTS_PER_10S is 'many': give a whole number"),
    ({"RUTTER_REQUESTS_PER_10S": "0"}, "RUTTER_REQUESTS_PER_10S is '0': give a whole number"),
    ({"RUTTER_BUCKETS": "-1"}, "RUTTER_BUCKETS is '-1': give a whole number from 1 to 99"),
    ({"RUTTER_API_VERSION": "newest"}, "RUTTER_API_VERSION is 'newest': give a published API version"),
    ({"RUTTER_SANDBOX_CLOCK": "noon"}, "RUTTER_SANDBOX_CLOCK is 'noon': give an instant with its offset"),
    ({"RUTTER_SANDBOX_CLOCK": "2026-11-01T12:00:00"}, "give an instant with its offset"),
    ({"RUTTER_SANDBOX_SEED": "x"}, "RUTTER_SANDBOX_SEED is 'x': give a whole number"),
]


@pytest.mark.parametrize(("environment", "sentence"), WRONG)
def test_a_wrong_setting_is_named_with_its_mend(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], sentence: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingError) as caught:
        Settings.from_env()
    assert sentence in str(caught.value)
    assert "canary" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_wrong_setting_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUTTER_BUCKETS", "x")
    monkeypatch.setenv("RUTTER_START_DATE", "x")
    with pytest.raises(SettingError, match=r"RUTTER_START_DATE.*RUTTER_BUCKETS"):
        Settings.from_env()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8500/versioned", "http://localhost:1", "http://[::1]:2", "https://a.b"]
)
def test_https_and_loopback_addresses_are_accepted(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for name, value in {"CLIENT_ID": "x", "CLIENT_SECRET": "y", "BASE_URL": url + "/"}.items():
        monkeypatch.setenv(f"RUTTER_{name}", value)
    assert Settings.from_env().base_url == url


def test_empty_variables_count_as_unset_and_dates_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUTTER_CLIENT_ID", "")
    monkeypatch.setenv("RUTTER_START_DATE", "2025-05-01")
    monkeypatch.setenv("RUTTER_SANDBOX_CLOCK", "2026-11-01T14:00:00+02:00")
    settings = Settings.from_env()
    assert settings.start_date == date(2025, 5, 1)
    assert settings.sandbox_clock == datetime(2026, 11, 1, 12, tzinfo=UTC)
