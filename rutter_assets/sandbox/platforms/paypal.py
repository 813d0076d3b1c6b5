"""PayPal: no orders, several currencies in one account, refunds and fees with a minus."""

from rutter_assets.sandbox.platforms.day import DAY_MS, HOUR_MS, Day, Row

__all__ = ["PayPal"]


class PayPal:
    """USD with EUR beside it, and a few rows whose currency is unknown. A chargeback calls itself a refund."""

    def order(self, day: Day) -> None:
        """A payment; an eCheck stays pending for days."""
        at_ms, sold = day.moment_ms(), day.price()
        currency = "EUR" if day.chance(300) else "USD"
        echeck = day.chance(80)
        sale = self._row(day, "sale", "T0006", "pending" if echeck else "success", sold, at_ms, currency, "Payment")
        if echeck:
            cleared_ms = day.later_ms(at_ms, 2 * DAY_MS, 6 * DAY_MS)
            day.change(sale, cleared_ms, status="success" if day.chance(900) else "cancelled")
        if sale.status != "success":
            return
        if day.chance(10):
            taken_ms = day.later_ms(at_ms, 12 * DAY_MS, 60 * DAY_MS)
            self._row(day, "refund", "T1106", "success", -sold, taken_ms, currency, "Chargeback by the buyer's bank")
            if day.chance(300):
                back_ms = day.later_ms(taken_ms, 15 * DAY_MS, 40 * DAY_MS)
                self._row(day, "other", "T1108", "success", sold, back_ms, currency, "Chargeback reversal")
            return
        for delay_ms, amount in day.refunds(sold):
            self._row(day, "refund", "T1107", "success", -amount, at_ms + delay_ms, currency, "Payment refund")

    def close(self, day: Day) -> None:
        """A withdrawal to the bank every Friday, and a monthly fee."""
        if day.number % 7 == 1:
            amount = day.random.randrange(50_000, 120_000)
            self._row(day, "payout", "T0400", "success", -amount, day.starts_ms + HOUR_MS, "USD", "Withdrawal to bank")
        if day.number % 30 == 0:
            self._row(day, "fee", "T0100", "success", -3000, day.starts_ms + HOUR_MS, "USD", "Payments Pro monthly fee")

    def _row(
        self, day: Day, type_: str, code: str, status: str, amount: int, at_ms: int, currency: str, description: str
    ) -> Row:
        fee = day.text(-(amount * 349 // 10_000 + 49), currency) if type_ == "sale" else None
        return day.post(
            type_,
            code,
            status,
            amount,
            at_ms,
            currency=currency,
            method="other" if type_ == "payout" else "card",
            fee=fee,
            gateway="paypal",
            customer_id=f"PAYER{day.random.randrange(4000):04}" if type_ == "sale" else None,
            description=description,
            hides_currency=type_ == "sale" and day.chance(4),
        )
