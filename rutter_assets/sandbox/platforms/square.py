"""Square: a till with cash and cards, whole yen, refunds that name no order."""

from rutter_assets.sandbox.platforms.day import DAY_MS, Day

__all__ = ["Square"]


class Square:
    """Cash has no fee; a card's fee is there from the start. A currency without decimals."""

    def order(self, day: Day) -> None:
        """A sale over the counter."""
        at_ms, sold = day.moment_ms(), day.price()
        method = "cash" if day.chance(350) else "card"
        day.post(
            "sale",
            "CASH" if method == "cash" else "CARD",
            "success",
            sold,
            at_ms,
            order_id=day.uuid(),
            method=method,
            fee=None if method == "cash" else day.text(sold * 13 // 400),
            gateway="square",
            description="カウンター販売",
            platform_data='{"source_type":"POS","location_id":"L-SAMPLE"}',
        )
        for delay_ms, amount in day.refunds(sold):
            day.post("refund", "REFUND", "success", amount, at_ms + delay_ms, method=method, gateway="square")

    def close(self, day: Day) -> None:
        """A transfer every Wednesday, sent one day and arrived the next."""
        if day.number % 7 == 6:
            amount, at_ms = day.random.randrange(90_000, 200_000), day.starts_ms + 1
            row = day.post("payout", "PAYOUT", "pending", amount, at_ms, method="other", gateway="square")
            day.change(row, at_ms + DAY_MS, status="success")
