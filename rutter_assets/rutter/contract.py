"""Facts of the API, each with its source; nothing here is decided by us.

[seed] the two pages this project was given, [docs] docs.rutter.com and help.rutter.com, [sdk] generated from
Rutter's OpenAPI document of 2024-08-31, [inferred] concluded by us.
"""

from typing import Final

CONNECTIONS: Final = "/connections"
"""All connections, one unpaginated array; `status=any` includes the unhealthy ones. [sdk]"""

CONNECTION_STATUS: Final = "/connections/status"
"""One connection's status, by `access_token`. [seed], [sdk]"""

TRANSACTIONS: Final = "/transactions"
"""One connection's transactions, newest first unless `sort=asc`. [seed], [sdk]"""

VERSION_HEADER: Final = "X-Rutter-Version"
REQUEST_ID_HEADER: Final = "X-Rutter-Request-ID"
"""Both [docs], basics and troubleshooting."""

PAGE_ROWS: Final = 500
"""The largest page. The default is 50 [seed]; sibling lists state 500 [docs]."""

LIMIT_WINDOW_S: Final = 10
"""The rate limit counts requests per 10 seconds and organization, 500 by default. [docs]"""

TRANSACTION_STATUSES: Final = frozenset({"success", "failure", "pending", "cancelled", "refunded", "other"})
TRANSACTION_TYPES: Final = frozenset({"sale", "refund", "void", "payout", "fee", "other"})
PAYMENT_METHOD_TYPES: Final = frozenset({"cash", "card", "other"})
"""The enums of a transaction. [sdk]; the seed page leaves them unnamed."""

CONNECTION_STATUSES: Final = frozenset({"active", "unhealthy", "not_ready", "needs_reauth", "disabled"})
"""[sdk]"""

MERCHANT_MUST: Final = {
    "SHOP_API_KEY_EXPIRED": "create a new API key for the shop and connect again",
    "SHOP_ID_IS_INVALID": "check the shop id and connect again with the right one",
    "SHOP_NOT_FOUND": "check the shop's URL and connect again with the right one",
    "SHOP_IS_DISABLED_OR_EXPIRED": "re-enable the shop on its platform",
    "SHOP_IS_LOCKED": "ask the platform why it locked the shop and have it unlocked",
    "SHOP_PAYMENT_REQUIRED": "pay what is due to the platform",
    "SHOP_IS_UNAVAILABLE": "bring the shop online, then connect again",
    "WEB_SERVICE_IS_DISABLED": "switch the shop's web service on again",
    "TUNNEL_ERROR": "connect with production instead of developer credentials",
    "CERT_EXPIRED": "renew the shop's SSL certificate",
    "FAILED TO AUTHENTICATE": "log in again through the link",
    "NEEDS_REAUTH": "log in again through the link",
    "REQUEST_TIMEOUT": "bring the shop online; it does not answer in time",
    "MANUALLY_DISABLED": "nothing; the connection was switched off in the Rutter dashboard",
    "UNKNOWN": "check that the shop is online, then log in again through the link",
}
"""What the merchant must do, by `disabled_reason`. The first eleven [seed] with UNKNOWN, the rest [sdk]."""
