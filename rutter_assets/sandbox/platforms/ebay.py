"""eBay: managed payments with the fee in the sale, and cases that begin as inquiries."""

from rutter_assets.sandbox.platforms.day import DAY_MS, HOUR_MS, Day

__all__ = ["Ebay"]


class Ebay:
    """The API has 90 days of it, which is the shop's affair: see `demo.merchants`."""

    def order(self, day: Day) -> None:
        """A sale, sometimes with money that is held for a while."""
        at_ms, sold, order_id = day.moment_ms(), day.price(), day.uuid()
        number = f"{day.random.randrange(10, 30)}-{day.random.randrange(10_000, 99_999)}"
        held = day.chance(300)
        row = day.post(
            "sale",
            "SALE",
            "pending" if held else "success",
            sold,
            at_ms,
            order_id=order_id,
            fee=day.text(sold * 129 // 1000 + 30),
            customer_id=f"buyer_{day.random.randrange(9000)}",
            description=f"Order {number}",
        )
        if held:
            day.change(row, day.later_ms(at_ms, DAY_MS, 3 * DAY_MS), status="success")
        if day.chance(15):
            asked_ms = day.later_ms(at_ms, 3 * DAY_MS, 15 * DAY_MS)
            day.post(
                "other", "payment_dispute", "other", sold, asked_ms, order_id=order_id, description="Inquiry opened"
            )
            if day.chance(400):
                lost_ms = day.later_ms(asked_ms, 5 * DAY_MS, 20 * DAY_MS)
                day.post(
                    "other", "payment_dispute", "success", sold, lost_ms, order_id=order_id, description="Case lost"
                )
                return
        for delay_ms, amount in day.refunds(sold):
            refunded_ms = at_ms + delay_ms
            fee_back = day.text(-(amount * 129 // 1000))
            day.post("refund", "REFUND", "success", -amount, refunded_ms, order_id=order_id, fee=fee_back)

    def close(self, day: Day) -> None:
        """A payout a day, and the fee for promoted listings."""
        at_ms = day.starts_ms + 5 * HOUR_MS
        day.post("payout", "PAYOUT", "success", day.random.randrange(8_000, 25_000), at_ms, method="other")
        if day.number % 7 == 0:
            ads = day.random.randrange(300, 1500)
            day.post("fee", "NON_SALE_CHARGE", "success", ads, at_ms, method="other", description="Promoted listings")
