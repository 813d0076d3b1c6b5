"""A shop's days one after another, as a source that never ends."""

from collections.abc import Iterator
from dataclasses import dataclass

from rutter_assets.sandbox.moment import DAY_MS
from rutter_assets.sandbox.platforms.day import Day, Habits, Shop
from rutter_assets.sandbox.version import Version

__all__ = ["ShopDays"]


@dataclass(frozen=True)
class ShopDays:
    """The rows of a shop since `starts_ms`, a UTC midnight; each day is drawn by itself."""

    shop: Shop
    habits: Habits
    starts_ms: int
    step_ms: int = DAY_MS

    def drawn(self, from_ms: int, to_ms: int) -> Iterator[Version]:
        """Everything that the days in `[from_ms, to_ms)` sell, and all that will ever come of it."""
        least, most = self.shop.orders
        for starts_ms in range(from_ms, to_ms, DAY_MS):
            day = Day(self.shop, starts_ms)
            for _ in range(day.random.randint(least, most)):
                self.habits.order(day)
            self.habits.close(day)
            day.touch_an_old_row()
            yield from day.versions
