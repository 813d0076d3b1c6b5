"""Every error the package raises, named by what to do next.

RutterAssetsError
├── SettingError           correct the setting the sentence names, then run again
├── LakeError              a file of the lake is not what it should be; the sentence says which and the mend
├── IncompleteError        some connections did not succeed; run again, only those are repeated
└── ApiError               the API's answer, or its silence
    ├── CredentialError    renew the client secret, or correct the client id: nothing can be read before
    ├── TokenError         one merchant's access token is refused: run again, then connect the merchant again
    ├── MerchantError      the merchant must act: log in again, or mend the shop
    ├── NotReadyError      wait: the API has not finished its first sync of the merchant
    ├── TransientError     wait: a limit, a fault or the network; a later run repeats the request
    ├── RequestError       the API refuses the request itself: a setting, or our bug
    └── ContractError      the API answered what its contract rules out: report it with the request id
        └── TransactionError   one transaction does: its day stays as it was, everything else is read

An `ApiError` carries the path without its query, because the query holds a merchant's access token.
"""

from dataclasses import dataclass
from typing import Final

import msgspec

NOT_JSON: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises of bytes that are not the JSON they should be; the last one where they nest too deep."""


class RutterAssetsError(Exception):
    """Base of all errors that the package raises on purpose."""


class SettingError(RutterAssetsError):
    """A setting is missing or wrong; the sentence names it and the mend."""


class LakeError(RutterAssetsError):
    """A file of the lake is foreign, broken or out of reach; the sentence names it and the mend."""


class IncompleteError(RutterAssetsError):
    """A sync committed what succeeded; the sentence names the connections that did not, and why."""


@dataclass(frozen=True)
class Exchange:
    """Where an API error happened: what may be shown to anybody.

    `status` is the HTTP status or None when no answer came; `error_code` is the API's own code
    (https://docs.rutter.com/rest/2023-03-14/errors) or None; `request_id` is `X-Rutter-Request-ID` or None.
    """

    path: str
    status: int | None = None
    error_code: str | None = None
    request_id: str | None = None

    def __str__(self) -> str:
        answer = "no answer" if self.status is None else f"HTTP {self.status}"
        parts = [f"GET {self.path}: {answer}", self.error_code, self.request_id and f"request {self.request_id}"]
        return ", ".join(part for part in parts if part)


class ApiError(RutterAssetsError):
    """The API's answer, or its silence, with the exchange it belongs to."""

    def __init__(self, message: str, exchange: Exchange, retry_after_s: float | None = None) -> None:
        super().__init__(message, exchange, retry_after_s)
        self.message = message
        self.exchange = exchange
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"{self.message} ({self.exchange})"


class CredentialError(ApiError):
    """The client id and secret are not accepted, whatever the connection."""


class TokenError(ApiError):
    """One connection's access token is not accepted, while the client's credentials are."""


class MerchantError(ApiError):
    """The merchant must log in again, or mend the shop, before the API serves this connection."""


class NotReadyError(ApiError):
    """The API has not finished its first sync of the merchant."""


class TransientError(ApiError):
    """A rate limit, a fault of the server or the network; the same request may succeed later."""


class RequestError(ApiError):
    """The API refuses the request as it is; repeating it does not help."""


class ContractError(ApiError):
    """The API answered something that its contract rules out."""


class TransactionError(ContractError):
    """One transaction is not what the contract says, or cannot be stored exactly; the sentence names it."""
