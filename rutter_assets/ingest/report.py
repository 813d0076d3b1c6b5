"""What a sync did: an outcome for each connection, a summary for each day, and what it cost."""

from dataclasses import dataclass
from typing import Literal

from rutter_assets.errors import IncompleteError
from rutter_assets.lake.lake import DaySummary
from rutter_assets.rutter.client import Traffic

OutcomeKind = Literal["synced", "waiting", "needs_update", "disabled", "failed"]


@dataclass(frozen=True)
class Outcome:
    """How a sync ended for one connection.

    `synced`: all that was asked for is on disk. `waiting`, `needs_update`, `disabled`: skipped, as its gate is closed.
    `failed`: an error; what was read before it is kept, and the next sync reads the rest.
    """

    connection_id: str
    name: str
    platform: str
    kind: OutcomeKind
    message: str
    rows: int = 0


@dataclass(frozen=True)
class DayReport:
    """A day that the sync had rows for: what its files hold now, and whether a byte of them changed."""

    summary: DaySummary
    is_changed: bool


@dataclass(frozen=True)
class SyncReport:
    """A whole sync. `novelties` are sentences about what the API sent and its contract does not name.

    `notices`: to be acknowledged to the lake once whoever follows it (Dagster, the marts) knows the days. Until then a
    next sync reports these days again, so that a kill in between loses nothing.
    """

    outcomes: list[Outcome]
    days: list[DayReport]
    notices: list[str]
    traffic: Traffic
    novelties: list[str]
    elapsed_s: float

    @property
    def rows(self) -> int:
        """Transactions read, of all connections."""
        return sum(outcome.rows for outcome in self.outcomes)

    def of_kind(self, kind: OutcomeKind) -> list[Outcome]:
        """The outcomes of one kind, in order of their connections."""
        return [outcome for outcome in self.outcomes if outcome.kind == kind]

    def raise_for_failures(self) -> None:
        """An `IncompleteError` that names the connections that failed, and why; nothing when none did."""
        failed = self.of_kind("failed")
        if failed:
            reasons = "; ".join(f"{outcome.name} ({outcome.connection_id}): {outcome.message}" for outcome in failed)
            raise IncompleteError(
                f"{len(failed)} of {len(self.outcomes)} connections did not succeed, the others are on disk;"
                f" run again to repeat only these: {reasons}"
            )
