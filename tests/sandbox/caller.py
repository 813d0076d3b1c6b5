"""A plain HTTP client of a sandbox, as little of one as the tests need."""

from typing import Any

import httpx

from rutter_assets.sandbox import Merchant, Sandbox

VERSION = {"X-Rutter-Version": "2024-08-31"}


class Caller(httpx.Client):
    """Carries the sandbox's credentials and version header."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(
            base_url=sandbox.base_url, auth=(sandbox.client_id, sandbox.client_secret), headers=VERSION, trust_env=False
        )

    def transactions(self, merchant: Merchant, **params: Any) -> httpx.Response:
        return self.get("/transactions", params={"access_token": merchant.access_token, **params})

    def status(self, merchant: Merchant) -> dict[str, Any]:
        response = self.get("/connections/status", params={"access_token": merchant.access_token})
        response.raise_for_status()
        return dict(response.json()["status"])

    def walk(self, merchant: Merchant, **params: Any) -> list[dict[str, Any]]:
        """All rows of a list, page by page, in the order served."""
        rows: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            body = self.transactions(merchant, **params, **cursor).raise_for_status().json()
            rows += body["transactions"]
            if body["next_cursor"] is None:
                return rows
            cursor = {"cursor": body["next_cursor"]}
