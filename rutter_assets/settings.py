"""Every setting, read from the environment here and nowhere else; the README's table lists them."""

import ipaddress
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from rutter_assets.errors import SettingError

PRODUCTION_URL = "https://production.rutterapi.com/versioned"
"""The production API. Source: https://docs.rutter.com/rest/2024-08-31/basics."""

_MEND = {
    "client_id": "give the client id of the Rutter dashboard",
    "client_secret": "give the client secret of the Rutter dashboard",
    "base_url": "give an https URL, or plain http on a loopback address such as http://127.0.0.1:8500/versioned",
    "api_version": "give a published API version such as 2024-08-31",
    "lake": "give a folder, or a URL such as s3://bucket/prefix",
    "start_date": "give a UTC date of the past as YYYY-MM-DD, such as 2024-01-01",
    "requests_per_10s": "give a whole number from 1 to 100000; Rutter's limit is 500",
    "buckets": "give a whole number from 1 to 99, the one the lake was made with",
    "update_overlap_hours": "give a whole number of hours, 0 or more; a day absorbs clocks that differ",
    "sandbox_seed": "give a whole number",
    "sandbox_clock": "give an instant with its offset, such as 2026-11-01T12:00:00Z",
}


def _loopback_or_https(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host or parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError
    if parts.scheme == "http" and not _is_loopback(host):
        raise ValueError
    if parts.scheme not in ("http", "https"):
        raise ValueError
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _iso_date(text: object) -> object:
    return date.fromisoformat(text) if isinstance(text, str) else text


def _in_the_past(day: date) -> date:
    if day > datetime.now(UTC).date():
        raise ValueError
    return day


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError
    return instant.astimezone(UTC)


class Settings(BaseSettings):
    """The package's settings; each is the environment variable `RUTTER_` + its name in capitals.

    Without client credentials the package hosts its sandbox in-process and talks to that.
    """

    model_config = SettingsConfigDict(
        env_prefix="RUTTER_", env_ignore_empty=True, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    client_id: str | None = Field(default=None, pattern=r"^\S+$")
    client_secret: SecretStr | None = None
    base_url: Annotated[str, AfterValidator(_loopback_or_https)] = PRODUCTION_URL
    api_version: str = Field(default="2024-08-31", pattern=r"^(\d{4}-\d{2}-\d{2}|unstable)$")
    lake: str = Field(default="data/lake", min_length=1)
    start_date: Annotated[date, BeforeValidator(_iso_date), AfterValidator(_in_the_past)] = date(2024, 1, 1)
    requests_per_10s: int = Field(default=500, ge=1, le=100_000)
    buckets: int = Field(default=1, ge=1, le=99)
    update_overlap_hours: int = Field(default=24, ge=0, le=24 * 366)
    sandbox_seed: int = 7
    sandbox_clock: Annotated[datetime, AfterValidator(_aware)] | None = None

    @model_validator(mode="after")
    def _whole_credentials(self) -> Self:
        if (self.client_id is None) != (self.client_secret is None):
            missing, given = "RUTTER_CLIENT_SECRET", "RUTTER_CLIENT_ID"
            if self.client_id is None:
                missing, given = given, missing
            raise ValueError(
                f"{missing} is missing while {given} is set: set both for the Rutter API, or neither for the sandbox."
            )
        if self.client_id is None and "base_url" in self.model_fields_set:
            raise ValueError(
                "RUTTER_BASE_URL is set without credentials: set RUTTER_CLIENT_ID and RUTTER_CLIENT_SECRET too,"
                " or unset it to use the sandbox."
            )
        return self

    @property
    def source(self) -> Literal["api", "sandbox"]:
        """Whom the package talks to: the API (credentials are set) or the sandbox in this process."""
        return "sandbox" if self.client_id is None else "api"

    @classmethod
    def from_env(cls) -> "Settings":
        """Read the environment; a `SettingError` says in one sentence each which variable is wrong and the mend."""
        try:
            return cls()
        except ValidationError as error:
            faults = error.errors()
        # Raised here and not above: the error and its traceback would hold each other, and leak at exit.
        raise SettingError(" ".join(_sentence(dict(fault)) for fault in faults))


def _sentence(fault: dict[str, Any]) -> str:
    """One sentence for one of pydantic's faults; the value of a secret is never part of it."""
    if not fault["loc"]:
        return str(fault["ctx"]["error"])
    name = str(fault["loc"][0])
    value = "not usable" if name == "client_secret" else repr(fault["input"])
    return f"RUTTER_{name.upper()} is {value}: {_MEND[name]}."
