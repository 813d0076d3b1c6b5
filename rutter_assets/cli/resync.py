"""`rutter-assets resync`: forget what was read of a merchant, and read its whole history again."""

from functools import partial

from rutter_assets.cli.sync import read_and_tell, request_of
from rutter_assets.ingest.merchant import chosen
from rutter_assets.ingest.progress import Progress
from rutter_assets.ingest.report import SyncReport
from rutter_assets.ingest.source import Source
from rutter_assets.ingest.sync import SyncRequest, sync
from rutter_assets.lake.lake import Lake
from rutter_assets.settings import Settings


def run(connection_ids: tuple[str, ...]) -> None:
    """Forget and read; rows that the API no longer has go, all others stay in place until they are read.

    A merchant that was erased may be read again from now on: this is the explicit wish to have it back.
    """
    settings = Settings.from_env()
    read_and_tell(settings, partial(_resync, request_of(settings, None, None, connection_ids)))


async def _resync(request: SyncRequest, source: Source, lake: Lake, progress: Progress) -> SyncReport:
    for connection in chosen(await source.client.connections(), request.connection_ids):
        lake.erased.lift(connection.id)
        lake.forget(connection.id, connection.platform)
    return await sync(source, lake, request, progress)
