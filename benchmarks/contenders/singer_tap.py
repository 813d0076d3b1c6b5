"""singer-sdk: a REST tap with a cursor paginator and a partition a connection, written as Parquet by BATCH messages.

A tap hands rows to a target as JSON lines; where that is the bottleneck, https://sdk.meltano.com/en/latest/batch.html
has the tap write files and send their names. Its Parquet encoder is used here, so the rows reach the disk without a
target, which spares this contender a process and its JSON. The SDK reads partitions one after the other; it offers no
parallel way.
"""

# mypy: disable-error-code="import-not-found, misc"

import contextlib
import os
from collections.abc import Iterable
from typing import Any

import pyarrow.parquet  # noqa: F401 - imported before the clock starts, as the encoder would after it
from requests.auth import HTTPBasicAuth
from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.pagination import JSONPathPaginator

from benchmarks.job import API_VERSION, PAGE_ROWS, VERSION_HEADER, Job

PACKAGES = ("singer-sdk", "pyarrow")


class Transactions(RESTStream[str]):
    """`GET /transactions`, a partition for each connection."""

    name = "transactions"
    path = "/transactions"
    primary_keys = ("connection_id", "id")
    records_jsonpath = "$.transactions[*]"
    next_page_token_jsonpath = "$.next_cursor"  # noqa: S105 - a path, not a token
    state_partitioning_keys = ("connection_id",)
    schema = th.PropertiesList(
        th.Property("connection_id", th.StringType, required=True),
        th.Property("id", th.StringType, required=True),
        th.Property("platform_id", th.StringType),
        th.Property("order_id", th.StringType),
        th.Property("platform_customer_id", th.StringType),
        th.Property("payment_method_type", th.StringType),
        th.Property("status", th.StringType),
        th.Property("type", th.StringType),
        th.Property("amount", th.NumberType),
        th.Property("fee", th.NumberType),
        th.Property("gateway", th.StringType),
        th.Property("gateway_data", th.StringType),
        th.Property("iso_currency_code", th.StringType),
        th.Property("platform_type", th.StringType),
        th.Property("description", th.StringType),
        th.Property("created_at", th.DateTimeType, required=True),
        th.Property("updated_at", th.DateTimeType, required=True),
        th.Property("platform_data", th.ObjectType(additional_properties=True)),
    ).to_dict()

    @property
    def url_base(self) -> str:
        return str(self.config["base_url"])

    @property
    def authenticator(self) -> HTTPBasicAuth:
        return HTTPBasicAuth(self.config["client_id"], self.config["client_secret"])

    @property
    def http_headers(self) -> dict[str, str]:
        return {VERSION_HEADER: API_VERSION}

    @property
    def partitions(self) -> list[dict[str, Any]]:
        return [
            {"connection_id": account["id"], "access_token": account["access_token"]}
            for account in self.config["accounts"]
        ]

    def get_new_paginator(self) -> JSONPathPaginator:
        return JSONPathPaginator(self.next_page_token_jsonpath)

    def get_url_params(self, context: Any, next_page_token: str | None) -> dict[str, Any]:
        params = {"access_token": context["access_token"], "limit": PAGE_ROWS}
        return params if next_page_token is None else params | {"cursor": next_page_token}

    def post_process(self, row: dict[str, Any], context: Any = None) -> dict[str, Any]:
        row["connection_id"] = context["connection_id"]
        return row


class TapRutter(Tap):
    """The tap with its one stream."""

    name = "tap-rutter"
    config_jsonschema = th.PropertiesList(
        th.Property("base_url", th.StringType, required=True),
        th.Property("client_id", th.StringType, required=True),
        th.Property("client_secret", th.StringType, required=True, secret=True),
        th.Property("accounts", th.ArrayType(th.ObjectType(additional_properties=True)), required=True),
    ).to_dict()

    def discover_streams(self) -> Iterable[Transactions]:
        return [Transactions(self)]


def load(job: Job) -> None:
    """Run the tap, its messages going nowhere."""
    config = {
        "base_url": job.base_url,
        "client_id": job.client_id,
        "client_secret": job.client_secret,
        "accounts": [{"id": account.id, "access_token": account.access_token} for account in job.accounts],
        "batch_config": {
            "encoding": {"format": "parquet"},
            "storage": {"root": job.output.as_uri()},
            "batch_size": 10_000,
        },
    }
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123 - not a file
        TapRutter(config=config, parse_env_config=False).sync_all()
