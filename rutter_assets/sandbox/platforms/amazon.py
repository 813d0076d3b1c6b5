"""Amazon: fees are rows of their own, at the very instant of the order, and the money is paid out every two weeks."""

from rutter_assets.sandbox.platforms.day import DAY_MS, HOUR_MS, Day

__all__ = ["Amazon"]


class Amazon:
    """A fee is sometimes also embedded in the order's row; refunds bring fee credits."""

    def order(self, day: Day) -> None:
        """A shipment and its referral fee, sometimes a fulfilment fee too."""
        at_ms, sold, order_id = day.moment_ms(), day.price(), day.uuid()
        number = f"{day.random.randrange(100, 999)}-{day.random.randrange(10**6, 10**7)}"
        referral = sold * 15 // 100
        day.post(
            "sale",
            "shipment",
            "success",
            sold,
            at_ms,
            order_id=order_id,
            method="other",
            fee=day.text(referral) if day.chance(150) else None,
            description=f"Order {number}",
            platform_data=f'{{"AmazonOrderId":"{number}"}}',
        )
        self._fee(day, order_id, "referral_fee", referral, at_ms, f"Commission for {number}")
        if day.chance(300):
            fulfilment = day.random.randrange(180, 420)
            self._fee(day, order_id, "fulfillment_fee", fulfilment, at_ms, f"FBA fee for {number}")
        for delay_ms, amount in day.refunds(sold):
            refunded_ms = at_ms + delay_ms
            day.post(
                "refund",
                "refund",
                "success",
                -amount,
                refunded_ms,
                order_id=order_id,
                method="other",
                description=f"Refund of order {number}",
            )
            credit = amount * 12 // 100
            self._fee(day, order_id, "fee_credit", -credit, refunded_ms, f"Referral fee credit for {number}")

    def close(self, day: Day) -> None:
        """A subscription fee on the first Thursdays, a payout every 14 days."""
        if day.number % 28 == 0:
            self._fee(day, None, "subscription_fee", 3999, day.starts_ms + 2 * HOUR_MS, "Professional plan")
        if day.number % 14 == 0:
            amount, at_ms = day.random.randrange(150_000, 400_000), day.starts_ms + 9 * HOUR_MS
            row = day.post(
                "payout", "disbursement", "pending", -amount, at_ms, method="other", description="Settlement"
            )
            day.change(row, at_ms + 2 * DAY_MS, status="success")

    def _fee(self, day: Day, order_id: str | None, kind: str, amount: int, at_ms: int, description: str) -> None:
        day.post("fee", kind, "success", -amount, at_ms, order_id=order_id, method="other", description=description)
