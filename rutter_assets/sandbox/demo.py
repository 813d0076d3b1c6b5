"""The demonstration world: thirteen invented merchants, one for every state and habit a client must cope with."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from rutter_assets.sandbox.identity import uuid_of
from rutter_assets.sandbox.lifecycle import Batch, Lifecycle, Outage
from rutter_assets.sandbox.merchant import Merchant
from rutter_assets.sandbox.moment import DAY_MS, to_ms
from rutter_assets.sandbox.platforms import (
    Amazon,
    BigCommerce,
    Ebay,
    Habits,
    PayPal,
    Shop,
    ShopDays,
    Shopify,
    Square,
    Stripe,
    WooCommerce,
)
from rutter_assets.sandbox.replay import ReplayedRows
from rutter_assets.sandbox.version import Source

__all__ = ["HISTORY", "merchants"]

HISTORY = timedelta(days=450)
"""How long before the epoch the shops opened."""
EBAY_HISTORY = timedelta(days=90)
"""eBay's own limit. The window is fixed at the epoch, so that no row vanishes while the clock goes on."""
_LONG_INITIAL_SYNC = timedelta(days=30)
_BATCH_EVERY = timedelta(seconds=25)


@dataclass(frozen=True)
class _Sketch:
    """A merchant in one line. `orders`: the least and the most orders of a day."""

    slug: str
    name: str
    platform: str
    habits: Habits
    currency: str
    orders: tuple[int, int]


_SKETCHES = (
    _Sketch("quillfeather", "Quillfeather Outfitters (sample)", "SHOPIFY", Shopify(), "USD", (4, 7)),
    _Sketch("moss", "Moss & Muddle Gardens (sample)", "WOO_COMMERCE", WooCommerce(), "EUR", (5, 8)),
    _Sketch("gadgetron", "Gadgetron Emporium (sample)", "AMAZON", Amazon(), "USD", (3, 5)),
    _Sketch("nimbus", "Nimbus Note-Taking (sample)", "STRIPE", Stripe(), "USD", (6, 10)),
    _Sketch("attic", "The Bottomless Attic (sample)", "EBAY", Ebay(), "GBP", (5, 9)),
    _Sketch("snowshoe", "Snowshoe Hare Supply (sample)", "BIG_COMMERCE", BigCommerce(), "CAD", (4, 6)),
    _Sketch("wanderlust", "Wanderlust Postcards (sample)", "PAYPAL", PayPal(), "USD", (6, 10)),
    _Sketch("teapot", "Teapot & Lantern (sample)", "SQUARE", Square(), "JPY", (7, 10)),
    _Sketch("dune", "Dune & Date Traders (sample)", "WOO_COMMERCE", WooCommerce(), "KWD", (5, 8)),
    _Sketch("slowpoke", "Slowpoke Records (sample)", "SHOPIFY", Shopify(), "USD", (4, 7)),
    _Sketch("thirds", "Three Thirds Bakery (sample)", "BIG_COMMERCE", BigCommerce(), "EUR", (4, 6)),
    _Sketch("forgetful", "Forgetful Locksmiths (sample)", "STRIPE", Stripe(), "USD", (6, 9)),
    _Sketch("shuttered", "Shuttered Windows Co (sample)", "WOO_COMMERCE", WooCommerce(), "EUR", (5, 7)),
)


def merchants(seed: int, epoch: datetime, replay: Path | None) -> tuple[Merchant, ...]:
    """The merchants, in the order of the list endpoint; with `replay`, a fourteenth whose rows are real.

    They are in these states at the epoch: *Slowpoke Records* in its initial sync, for 30 days more; *Three Thirds
    Bakery* in its historical sync, whose three batches, newest first, complete 25, 50 and 75 seconds after the epoch;
    *Forgetful Locksmiths* must log in again; *Shuttered Windows Co* is disabled; all others are complete. No clock
    before the epoch makes sense. `Moss & Muddle Gardens` spells its transaction counter as the documentation page does.
    """
    opened = (epoch - HISTORY).replace(hour=0, minute=0, second=0, microsecond=0)
    lifecycles = _lifecycles(epoch, opened)
    whole = Lifecycle(epoch - timedelta(days=40), epoch - timedelta(days=40) + timedelta(hours=2))
    made = []
    for sketch in _SKETCHES:
        starts_ms = to_ms(opened)
        if sketch.platform == "EBAY":
            starts_ms = -(-to_ms(epoch - EBAY_HISTORY) // DAY_MS) * DAY_MS
        days = ShopDays(Shop(f"{seed}/{sketch.slug}", sketch.currency, sketch.orders), sketch.habits, starts_ms)
        lifecycle = lifecycles.get(sketch.slug, whole)
        made.append(_merchant(seed, sketch.slug, sketch.name, sketch.platform, lifecycle, days))
    if replay is not None:
        rows = ReplayedRows(replay, epoch)
        made.append(_merchant(seed, "replay", "Online Retail, replayed (sample)", "MAGENTO", whole, rows))
    return tuple(made)


def _merchant(seed: int, slug: str, name: str, platform: str, lifecycle: Lifecycle, source: Source) -> Merchant:
    return Merchant(
        id=uuid_of(seed, slug, "connection"),
        access_token=uuid_of(seed, slug, "access_token"),
        platform=platform,
        name=name,
        lifecycle=lifecycle,
        source=source,
        counter_key="synced_transaction_count" if slug == "moss" else "synced_transactions_count",
    )


def _lifecycles(epoch: datetime, opened: datetime) -> dict[str, Lifecycle]:
    """The merchants that are not simply complete."""
    lately = epoch - timedelta(hours=1)
    recent, middle = epoch - timedelta(days=60), epoch - timedelta(days=240)
    late = epoch + _LONG_INITIAL_SYNC
    long_ago = epoch - timedelta(days=200)
    return {
        # What force_fetch shows of it is the last two months; the rest comes when it is ready.
        "slowpoke": Lifecycle(lately, late, (Batch(lately, recent, epoch), Batch(late, opened, recent))),
        "thirds": Lifecycle(
            lately,
            epoch,
            (
                Batch(epoch + _BATCH_EVERY, recent, epoch),
                Batch(epoch + 2 * _BATCH_EVERY, middle, recent),
                Batch(epoch + 3 * _BATCH_EVERY, opened, middle),
            ),
        ),
        "forgetful": Lifecycle(long_ago, long_ago, (), (Outage("needs_reauth", epoch - timedelta(days=9)),)),
        "shuttered": Lifecycle(
            long_ago, long_ago, (), (Outage("disabled", epoch - timedelta(days=3), None, "SHOP_PAYMENT_REQUIRED"),)
        ),
    }
