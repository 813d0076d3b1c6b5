"""What an answer that is not a success means: one table from the API's codes to our errors.

`error_code` decides before the HTTP status does, because the mapping of codes to statuses is not published [docs].
"""

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

import msgspec

from rutter_assets.errors import (
    NOT_JSON,
    ApiError,
    ContractError,
    CredentialError,
    Exchange,
    MerchantError,
    NotReadyError,
    RequestError,
    TransientError,
)
from rutter_assets.rutter.decode import Body
from rutter_assets.rutter.types import ErrorBody

_CODE: Final = re.compile(r"[A-Za-z0-9_ ]{1,64}")
"""What an error code looks like. Anything else may be an echo of the request, and is shown to nobody."""

_CREDENTIALS: Final = (
    "The credentials are not accepted: check RUTTER_CLIENT_ID and RUTTER_CLIENT_SECRET, or this connection's token."
)
_BY_CODE: Final[dict[str, tuple[type[ApiError], str]]] = {
    "PRODUCT_NOT_READY": (NotReadyError, "Rutter has not finished its first sync of this merchant yet."),
    "NEEDS_UPDATE": (MerchantError, "The merchant must log in again before Rutter serves this connection."),
    "CONNECTION_DISABLED": (MerchantError, "Rutter disabled this connection; the merchant must mend the shop."),
    "INVALID_CREDENTIALS": (
        CredentialError,
        _CREDENTIALS,
    ),
    "PRODUCT_NOT_ALLOWED": (
        RequestError,
        "This endpoint is not enabled for you: ask Rutter to enable it.",
    ),
}
_BY_STATUS: Final[dict[int, tuple[type[ApiError], str]]] = {
    400: (RequestError, "The API calls a parameter wrong."),
    401: (
        CredentialError,
        _CREDENTIALS,
    ),
    404: (RequestError, "The API has no such path for this platform: check RUTTER_BASE_URL."),
    410: (RequestError, "The object no longer exists at the API."),
    429: (TransientError, "The API's rate limit is used up."),
    450: (RequestError, "The merchant's platform refused the request."),
    452: (TransientError, "The merchant's platform limits Rutter's requests."),
}


def error_of(status: int, headers: Mapping[str, str], body: Body, exchange: Exchange) -> ApiError:
    """The error that an unsuccessful answer means, with the seconds of its `Retry-After` where it has one."""
    error_code = _error_code(body)
    exchange = Exchange(exchange.path, status, error_code, exchange.request_id)
    kind, message = _BY_CODE.get(error_code or "") or _BY_STATUS.get(status) or _by_class(status)
    return kind(message, exchange, retry_after_s(headers.get("Retry-After")))


def retry_after_s(value: str | None) -> float | None:
    """`Retry-After` in seconds from now, given as seconds or as an HTTP date; null when absent or unreadable."""
    text = (value or "").strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _by_class(status: int) -> tuple[type[ApiError], str]:
    if status >= 500:
        return TransientError, "The API failed on its side."
    if 300 <= status < 400:
        return ContractError, "The API redirects, which credentials never follow: check RUTTER_BASE_URL."
    return RequestError, "The API refuses the request."


def _error_code(body: Body) -> str | None:
    try:
        error_code = msgspec.json.decode(body, type=ErrorBody).error_code
    except NOT_JSON:
        return None  # proxies answer with HTML; the status alone decides then
    return error_code if error_code is not None and _CODE.fullmatch(error_code) else None
