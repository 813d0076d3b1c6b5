"""Stripe: payments without orders, fees that are known days later, disputes, payouts."""

from rutter_assets.sandbox.platforms.day import DAY_MS, HOUR_MS, MINUTE_MS, Day, Row

__all__ = ["Stripe"]


class Stripe:
    """No row has an order_id. A dispute is a row of type `other`; one that is won brings another."""

    def order(self, day: Day) -> None:
        """A charge whose fee settles two to five days later; instants have milliseconds."""
        at_ms, sold = day.moment_ms() + day.random.randrange(1000), day.price()
        failed = day.chance(50)
        row = self._row(day, "sale", "charge", "failure" if failed else "success", sold, at_ms, "Subscription")
        if failed:
            return
        fee = day.text(sold * 29 // 1000 + 30)
        day.change(row, day.later_ms(at_ms, 2 * DAY_MS, 5 * DAY_MS), fee=fee)
        if day.chance(12):
            disputed_ms = day.later_ms(at_ms, 10 * DAY_MS, 30 * DAY_MS)
            self._row(day, "other", "dispute", "success", sold, disputed_ms, "Payment disputed by the cardholder")
            if day.chance(500):
                won_ms = day.later_ms(disputed_ms, 20 * DAY_MS, 50 * DAY_MS)
                self._row(day, "other", "dispute_won", "success", sold, won_ms, "Payment returned to the merchant")
            return
        for delay_ms, amount in day.refunds(sold):
            refund = self._row(
                day, "refund", "refund", "pending", amount, at_ms + delay_ms, f"Refund of {row.platform_id}"
            )
            outcome = "failure" if day.chance(40) else "success"
            day.change(refund, day.later_ms(refund.created_ms, 5 * MINUTE_MS, 3 * DAY_MS), status=outcome)

    def close(self, day: Day) -> None:
        """A payout on every second day; now and then a fee for a payout made at once."""
        if day.number % 2 == 0:
            at_ms = day.starts_ms + 7 * HOUR_MS
            self._row(day, "payout", "payout", "success", day.random.randrange(9_000, 30_000), at_ms, "STRIPE PAYOUT")
            if day.chance(100):
                self._row(day, "fee", "stripe_fee", "success", day.random.randrange(50, 400), at_ms, "Instant payout")

    def _row(self, day: Day, type_: str, kind: str, status: str, amount: int, at_ms: int, description: str) -> Row:
        code = day.code("txn_")
        return day.post(
            type_,
            kind,
            status,
            amount,
            at_ms,
            platform_id=code,
            customer_id=f"cus_{day.random.randrange(3000):05}" if type_ == "sale" else None,
            gateway="stripe",
            description=description,
            platform_data=f'{{"id":"{code}","object":"balance_transaction","type":"{kind}"}}',
        )
