"""WooCommerce: self-hosted, so cash on delivery, home-made types, and fees that nobody tells."""

from rutter_assets.sandbox.platforms.day import DAY_MS, HOUR_MS, Day

__all__ = ["WooCommerce"]

_METHODS = (("card", "stripe", "charge"), ("cash", "cod", "cod"), ("other", "bacs", "bank_transfer"))
_HOME_MADE = ("anzahlung", "gift_voucher", "store_credit")


class WooCommerce:
    """A pending row that settles does so under a new id; the old one is cancelled, or stays pending for ever."""

    def order(self, day: Day) -> None:
        """A sale by card, cash or transfer; rarely with a fee."""
        at_ms, sold, order_id = day.moment_ms(), day.price(), day.uuid()
        dice = day.random.randrange(10)
        method, gateway, platform_type = _METHODS[0 if dice < 5 else 1 if dice < 8 else 2]
        number = day.random.randrange(100, 20_000)
        customer_id = str(number % 900) if day.chance(800) else None
        fee = day.text(sold * 14 // 1000 + 25) if method == "card" and day.chance(400) else None
        waits = method == "other" or day.chance(150)
        sale = day.post(
            "sale",
            platform_type,
            "pending" if waits else "failure" if day.chance(30) else "success",
            sold,
            at_ms,
            order_id=order_id,
            customer_id=customer_id,
            method=method,
            fee=fee,
            gateway=gateway,
            description=f"Bestellung {number}: Gartenmöbel & „Zubehör“",
            platform_data=f'{{"order_number":"{number}","payment_method":"{gateway}"}}',
        )
        if waits:
            if day.chance(120):
                return  # never paid
            settled = day.copy(sale, day.later_ms(at_ms, 4 * HOUR_MS, 5 * DAY_MS), "success")
            if day.chance(600):
                day.change(sale, settled.created_ms + 2000, status="cancelled")
            sale = settled
        if sale.status == "success":
            for delay_ms, amount in day.refunds(sold):
                day.post(
                    "refund",
                    "refund",
                    "success",
                    amount,
                    sale.created_ms + delay_ms,
                    order_id=order_id,
                    customer_id=customer_id,
                    method=method,
                    gateway=gateway,
                    description=f"Erstattung {number}",
                )

    def close(self, day: Day) -> None:
        """Now and then a type of the merchant's own making, which fits into no class."""
        if day.chance(60):
            kind = day.random.choice(_HOME_MADE)
            status = day.random.choice(("success", "other"))
            day.post("other", kind, status, day.price(), day.moment_ms(), method="other", description=kind.title())
