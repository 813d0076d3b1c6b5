"""The API's ways to say no: status codes and error bodies.

Codes of the kind CONNECTION_ERROR are documented (https://docs.rutter.com/rest/2023-03-14/errors), all others are ours:
the documentation leaves them open, and a client should not depend on them.
"""

import json

__all__ = ["Refusal"]


class Refusal(Exception):  # noqa: N818 - it is an answer of the API, not an error of the sandbox
    """An error response: `{error_type, error_code, error_message}` with an HTTP status."""

    def __init__(self, status: int, error_type: str, error_code: str, error_message: str) -> None:
        super().__init__(f"{status} {error_code}: {error_message}")
        self.status = status
        self.error_type = error_type
        self.error_code = error_code
        self.error_message = error_message

    @property
    def body(self) -> bytes:
        """The JSON text."""
        return json.dumps(
            {"error_type": self.error_type, "error_code": self.error_code, "error_message": self.error_message}
        ).encode()

    @classmethod
    def bad_credentials(cls, what: str) -> "Refusal":
        """401: wrong Basic auth and an unknown access token have one code."""
        return cls(401, "CONNECTION_ERROR", "INVALID_CREDENTIALS", f"The {what} is missing or not valid.")

    @classmethod
    def not_ready(cls) -> "Refusal":
        """400: the initial sync is not done."""
        return cls(400, "CONNECTION_ERROR", "PRODUCT_NOT_READY", "The connection has not finished its initial sync.")

    @classmethod
    def needs_update(cls) -> "Refusal":
        """400: the merchant must log in again."""
        return cls(400, "CONNECTION_ERROR", "NEEDS_UPDATE", "The merchant must re-authenticate this connection.")

    @classmethod
    def disabled(cls) -> "Refusal":
        """400: the connection is switched off."""
        return cls(400, "CONNECTION_ERROR", "CONNECTION_DISABLED", "The connection is disabled.")

    @classmethod
    def bad_request(cls, message: str) -> "Refusal":
        """400: a header or parameter that the API cannot take."""
        return cls(400, "API_REQUEST_ERROR", "INVALID_REQUEST", message)

    @classmethod
    def not_found(cls, what: str) -> "Refusal":
        """404: an unknown path or row. (410 is documented for rows as well; many are still 404.)"""
        return cls(404, "API_REQUEST_ERROR", "NOT_FOUND", f"There is no such {what}.")

    @classmethod
    def too_many_requests(cls) -> "Refusal":
        """429, with no Retry-After: none is documented."""
        return cls(429, "RATE_LIMIT_ERROR", "RATE_LIMIT_EXCEEDED", "Too many requests for this organization.")
