"""Shopify: an authorization and its capture are two transactions of one order, and both may call themselves a sale."""

from rutter_assets.sandbox.platforms.day import DAY_MS, HOUR_MS, MINUTE_MS, Day, Row

__all__ = ["Shopify"]


class Shopify:
    """Kinds and parents are in `platform_data`; refunds link by `parent_id`. Two gateways, and some test orders.

    Field names of `platform_data` follow Shopify's own transaction resource:
    https://shopify.dev/docs/api/admin-rest/latest/resources/transaction
    """

    def order(self, day: Day) -> None:
        """Sale in one step, or authorization with capture, partial capture or void."""
        at_ms, sold = day.moment_ms() + day.random.randrange(1000), day.price()
        order_id, number = day.uuid(), day.random.randrange(1001, 99_999)
        own = day.random.randrange(4) > 0
        paper = _Paper(day, order_id, number, "shopify_payments" if own else "paypal")
        dice = day.random.randrange(100)
        if dice < 3:
            paper.row("sale", "sale", "success", sold, at_ms, test=True)
        elif dice < 8:
            paper.row("sale", "sale", "failure", sold, at_ms)
        elif dice < 11:
            held = paper.row("authorization", "sale", "success", sold, at_ms)
            paper.row("void", "void", "success", sold, day.later_ms(at_ms, HOUR_MS, 3 * DAY_MS), parent=held)
        elif dice < 55:
            held = paper.row("authorization", "sale", "success", sold, at_ms)
            taken = sold * 3 // 4 if day.chance(60) else sold
            captured_ms = day.later_ms(at_ms, MINUTE_MS, 40 * HOUR_MS)
            paper.refunded(paper.row("capture", "sale", "success", taken, captured_ms, parent=held), taken)
        elif dice < 75:
            row = paper.row("sale", "sale", "pending", sold, at_ms)
            day.change(row, day.later_ms(at_ms, 5 * MINUTE_MS, 6 * HOUR_MS), status="success")
            paper.refunded(row, sold)
        else:
            paper.refunded(paper.row("sale", "sale", "success", sold, at_ms), sold)

    def close(self, day: Day) -> None:
        """A payout every Monday."""
        if day.number % 7 == 4:
            day.post("payout", "payout", "success", day.random.randrange(40_000, 90_000), day.starts_ms + 6 * HOUR_MS)


class _Paper:
    """One order's papers."""

    def __init__(self, day: Day, order_id: str, number: int, gateway: str) -> None:
        self._day, self._order_id, self._number, self._gateway = day, order_id, number, gateway

    def row(
        self, kind: str, type_: str, status: str, amount: int, at_ms: int, parent: Row | None = None, test: bool = False
    ) -> Row:
        day = self._day
        charged = self._gateway == "shopify_payments" and kind in ("sale", "capture") and status != "failure"
        platform_id = day.code("9")
        parent_id = "null" if parent is None else parent.platform_id
        platform_data = f'{{"id":{platform_id},"kind":"{kind}","parent_id":{parent_id},"test":{str(test).lower()}}}'
        gateway_data = "null"
        if charged and day.chance(700):
            last4 = day.random.randrange(1000, 10_000)
            gateway_data = f'{{"charge_id":"ch_{platform_id}","card":{{"brand":"visa","last4":"{last4}"}}}}'
        return day.post(
            type_,
            kind,
            status,
            amount,
            at_ms,
            order_id=self._order_id,
            platform_id=platform_id,
            customer_id=str(7_000_000 + self._number % 4000),
            fee=day.text(amount * 29 // 1000 + 30) if charged else None,
            gateway=self._gateway,
            gateway_data=gateway_data,
            description=f"For order #{self._number}",
            platform_data=platform_data,
        )

    def refunded(self, sale: Row, sold: int) -> None:
        for delay_ms, amount in self._day.refunds(sold):
            self.row("refund", "refund", "success", amount, sale.created_ms + delay_ms, parent=sale)
