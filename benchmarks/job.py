"""What a contender is told and what it tells back, as JSON. Standard library only: a contender has its own Python."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Self

PAGE_ROWS = 500
"""The largest page the API serves; every contender asks for it."""

API_VERSION = "2024-08-31"
VERSION_HEADER = "X-Rutter-Version"


@dataclass(frozen=True)
class Account:
    """One connection to load."""

    id: str
    platform: str
    access_token: str


@dataclass(frozen=True)
class Job:
    """Load every transaction of `accounts`, created from `first_day` to `last_day`, into Parquet below `folder`.

    `now` is the present as the server has it. The Parquet has the columns `connection_id`, `id` and `amount`.
    """

    base_url: str
    client_id: str
    client_secret: str
    accounts: Sequence[Account]
    requests_per_10s: int
    first_day: date
    last_day: date
    now: datetime
    folder: str

    @property
    def output(self) -> Path:
        """Where the Parquet goes."""
        return Path(self.folder) / "output"

    @property
    def scratch(self) -> Path:
        """Where anything else may go."""
        return Path(self.folder) / "scratch"

    def to_json(self) -> str:
        """The job as JSON."""
        return json.dumps(asdict(self), default=lambda value: value.isoformat())

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The job that `to_json` wrote."""
        fields = json.loads(text)
        fields["accounts"] = [Account(**account) for account in fields["accounts"]]
        fields["first_day"] = date.fromisoformat(fields["first_day"])
        fields["last_day"] = date.fromisoformat(fields["last_day"])
        fields["now"] = datetime.fromisoformat(fields["now"])
        return cls(**fields)


@dataclass(frozen=True)
class Cost:
    """What one load took: without the interpreter's start and the imports, but for the memory, which has them in it.

    `stages`: the seconds of the load's parts, where the contender tells them.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    versions: dict[str, str]
    stages: dict[str, float]
