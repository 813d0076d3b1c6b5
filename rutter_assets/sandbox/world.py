"""What a sandbox serves: merchants, and nothing else. Three ways to make one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from rutter_assets.sandbox.identity import uuid_of
from rutter_assets.sandbox.merchant import Merchant
from rutter_assets.sandbox.shelf import Shelf

__all__ = ["World"]


@dataclass(frozen=True, eq=False)
class World:
    """The merchants of one organisation. Immutable: what changes, changes with the clock."""

    merchants: Sequence[Merchant]
    org_id: str

    def __post_init__(self) -> None:
        for what in ("id", "access_token"):
            if len({getattr(merchant, what) for merchant in self.merchants}) < len(self.merchants):
                raise ValueError(f"Two merchants share one {what}; give them different names, or set it.")

    def shelves(self) -> dict[str, Shelf]:
        """A fresh state of every merchant, by connection id; nothing is generated before it is asked for."""
        return {merchant.id: Shelf(merchant.source, merchant.lifecycle) for merchant in self.merchants}

    @classmethod
    def of(cls, merchants: Sequence[Merchant]) -> Self:
        """A world of given merchants, made with `Merchant.of(rows, ...)`."""
        return cls(tuple(merchants), uuid_of("given", "organisation"))

    @classmethod
    def demo(cls, *, seed: int = 7, epoch: datetime, replay: Path | None = None) -> Self:
        """The demonstration: thirteen invented merchants, and with `replay` a real one; see `demo.merchants`."""
        from rutter_assets.sandbox import demo  # here, so that whoever brings rows does not pay for it

        return cls(demo.merchants(seed, epoch, replay), uuid_of(seed, "organisation"))

    @classmethod
    def bulk(
        cls,
        *,
        seed: int = 7,
        epoch: datetime,
        merchants: int = 10,
        rows: int = 10_000,
        days: int = 365,
        changes_per_hour: float = 0.0,
    ) -> Self:
        """Many plain rows, made fast: `rows` per merchant over the `days` before `epoch`; see `bulk.merchants`.

        `changes_per_hour` is the share of a merchant's rows, 0 to 1, that get a new `updated_at` in every hour after
        the epoch.
        """
        from rutter_assets.sandbox import bulk  # as above

        return cls(bulk.merchants(seed, epoch, merchants, rows, days, changes_per_hour), uuid_of(seed, "organisation"))
