"""BigCommerce: authorization and capture as two transactions, told apart by `platform_type` alone."""

from rutter_assets.sandbox.platforms.day import DAY_MS, MINUTE_MS, Day, Row

__all__ = ["BigCommerce"]


class BigCommerce:
    """No `kind` in `platform_data`, no fees at all; refunds carry the order."""

    def order(self, day: Day) -> None:
        """Authorization and capture, or a purchase in one step."""
        at_ms, sold, order_id = day.moment_ms(), day.price(), day.uuid()
        number, customer_id = day.random.randrange(100, 9000), str(day.random.randrange(5000))

        def row(type_: str, kind: str, status: str, amount: int, row_ms: int) -> Row:
            return day.post(
                type_,
                kind,
                status,
                amount,
                row_ms,
                order_id=order_id,
                customer_id=customer_id,
                gateway="braintree",
                description=f"Order {number}",
                platform_data=f'{{"order_id":{number},"event":"{kind}"}}',
            )

        if day.chance(600):
            row("sale", "authorization", "success", sold, at_ms)
            if day.chance(40):
                row("void", "void", "success", sold, day.later_ms(at_ms, MINUTE_MS, DAY_MS))
                return
            at_ms = day.later_ms(at_ms, MINUTE_MS, 2 * DAY_MS)
            row("sale", "capture", "success", sold, at_ms)
        else:
            row("sale", "purchase", "success", sold, at_ms)
        for delay_ms, amount in day.refunds(sold):
            row("refund", "refund", "success", amount, at_ms + delay_ms)

    def close(self, day: Day) -> None:
        """Nothing: the money is the gateway's affair."""
