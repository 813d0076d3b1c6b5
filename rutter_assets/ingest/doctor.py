"""What is wrong, if anything: settings, lake, credentials, API version, and whether updates can work."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from rutter_assets.errors import ApiError, ContractError
from rutter_assets.ingest.source import Source
from rutter_assets.lake.lake import Lake
from rutter_assets.rutter.types import Connection
from rutter_assets.rutter.window import Window

_READABLE: Final = ("active", "unhealthy", None)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `sentence` says what was found and, where it is not `well`, the mend."""

    subject: str
    is_well: bool
    sentence: str


async def examine(source: Source, lake: Lake) -> list[Finding]:
    """Look at the lake and at the API, one request for its connections and one for a page that must be empty."""
    findings = [_lake(lake)]
    try:
        connections = await source.connections()
    except ApiError as error:
        return [*findings, Finding("credentials", False, str(error))]
    findings.append(Finding("credentials", True, f"accepted; {len(connections)} connections"))
    findings.append(Finding("API version", True, f"{source.client.api_version} is answered"))
    findings.append(await _updates(source, connections))
    findings += [Finding("contract", True, sentence) for sentence in source.client.novelties.sentences()]
    return findings


def _lake(lake: Lake) -> Finding:
    ledgers = lake.ledgers()
    loaded = sum(ledger.history_loaded_at is not None for ledger in ledgers.values())
    files = len(lake.transaction_files())
    return Finding(
        "lake", True, f"can be written; {lake.buckets} buckets, {files} day files, {loaded} of {len(ledgers)} loaded"
    )


async def _updates(source: Source, connections: list[Connection]) -> Finding:
    """Whether the API filters by `updated_at`: the older documentation does not list it. Asks for rows of tomorrow."""
    readable = [connection for connection in connections if connection.status in _READABLE]
    if not readable:
        return Finding("updates", True, "not tried: no connection can be read yet")
    tomorrow = source.now() + timedelta(days=1)
    try:
        pages = source.client.transactions(readable[0], Window(tomorrow, tomorrow + timedelta(hours=1)), "updated_at")
        page = await anext(pages)
        await pages.aclose()
    except ContractError as error:
        return Finding("updates", False, str(error))
    except ApiError as error:
        return Finding("updates", True, f"not tried: {error}")
    if page.rows:
        return Finding("updates", False, "the API ignores updated_at_min; set another RUTTER_API_VERSION")
    return Finding("updates", True, "the API filters by updated_at")
