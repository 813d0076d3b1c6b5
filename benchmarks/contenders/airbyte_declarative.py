"""airbyte-cdk: a declarative manifest on its concurrent source, a partition a connection, its records to Parquet.

As https://docs.airbyte.com/platform/connector-development/config-based/low-code-cdk-overview has it:
`CursorPagination`, `ListPartitionRouter`, a `ConcurrencyLevel` with a worker for each partition. Writing is not the
CDK's: a destination is a separate program that reads the records as JSON. Here they go to pyarrow in the same process,
10,000 rows a file, which spares this contender that way.
"""

# mypy: disable-error-code="import-not-found, misc"

import logging
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from airbyte_cdk.models import (
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteStream,
    DestinationSyncMode,
    SyncMode,
    Type,
)
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource

from benchmarks.job import API_VERSION, PAGE_ROWS, VERSION_HEADER, Job

PACKAGES = ("airbyte-cdk", "pyarrow")

ROWS_A_FILE = 10_000

_TEXTS = (
    "connection_id", "id", "platform_id", "order_id", "platform_customer_id", "payment_method_type", "status", "type",
    "gateway", "gateway_data", "iso_currency_code", "platform_type", "description", "created_at", "updated_at",
)  # fmt: skip


def load(job: Job) -> None:
    """Read the stream and write what comes."""
    source = ConcurrentDeclarativeSource(config={}, source_config=_manifest(job))
    stream = source.discover(logging.getLogger(), {}).streams[0]
    catalog = ConfiguredAirbyteCatalog(
        streams=[ConfiguredAirbyteStream(stream, SyncMode.full_refresh, DestinationSyncMode.overwrite)]
    )
    source = ConcurrentDeclarativeSource(catalog, {}, [], source_config=_manifest(job))
    by_token = {account.access_token: account.id for account in job.accounts}
    rows: list[dict[str, Any]] = []
    files = 0
    for message in source.read(logging.getLogger(), {}, catalog, []):
        if message.type is Type.RECORD and message.record is not None:
            row = message.record.data
            row["connection_id"] = by_token[row["connection_id"]]
            rows.append(row)
        if len(rows) == ROWS_A_FILE:
            pq.write_table(pa.Table.from_pylist(rows), job.output / f"{files}.parquet")
            rows, files = [], files + 1
    if rows:
        pq.write_table(pa.Table.from_pylist(rows), job.output / f"{files}.parquet")


def _manifest(job: Job) -> dict[str, Any]:
    properties: dict[str, Any] = {name: {"type": ["string", "null"]} for name in _TEXTS}
    properties |= {"amount": {"type": ["number", "null"]}, "fee": {"type": ["number", "null"]}}
    properties["platform_data"] = {"type": ["object", "null"], "additionalProperties": True}
    schema = {"type": "object", "properties": properties, "additionalProperties": True}
    return {
        "version": "7.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": ["transactions"]},
        "concurrency_level": {"type": "ConcurrencyLevel", "default_concurrency": max(2, len(job.accounts))},
        "streams": [
            {
                "type": "DeclarativeStream",
                "name": "transactions",
                "primary_key": ["connection_id", "id"],
                "retriever": {
                    "type": "SimpleRetriever",
                    "requester": {
                        "type": "HttpRequester",
                        "url_base": job.base_url,
                        "path": "/transactions",
                        "http_method": "GET",
                        "authenticator": {
                            "type": "BasicHttpAuthenticator",
                            "username": job.client_id,
                            "password": job.client_secret,
                        },
                        "request_headers": {VERSION_HEADER: API_VERSION},
                    },
                    "record_selector": {
                        "type": "RecordSelector",
                        "extractor": {"type": "DpathExtractor", "field_path": ["transactions"]},
                    },
                    "paginator": {
                        "type": "DefaultPaginator",
                        "page_size_option": _parameter("limit"),
                        "page_token_option": _parameter("cursor"),
                        "pagination_strategy": {
                            "type": "CursorPagination",
                            "page_size": PAGE_ROWS,
                            "cursor_value": "{{ response.get('next_cursor') }}",
                            "stop_condition": "{{ response.get('next_cursor') is none }}",
                        },
                    },
                    "partition_router": {
                        "type": "ListPartitionRouter",
                        "values": [account.access_token for account in job.accounts],
                        "cursor_field": "connection",
                        "request_option": _parameter("access_token"),
                    },
                },
                "transformations": [
                    {
                        "type": "AddFields",
                        "fields": [
                            {
                                "type": "AddedFieldDefinition",
                                "path": ["connection_id"],
                                "value": "{{ stream_partition['connection'] }}",
                                "value_type": "string",
                            }
                        ],
                    }
                ],
                "schema_loader": {"type": "InlineSchemaLoader", "schema": schema},
            }
        ],
    }


def _parameter(name: str) -> dict[str, str]:
    return {"type": "RequestOption", "inject_into": "request_parameter", "field_name": name}
