"""`rutter-assets doctor`: what is wrong, if anything, one line each."""

import asyncio

import typer

from rutter_assets.cli import failure, words
from rutter_assets.ingest.doctor import Finding, examine
from rutter_assets.ingest.source import open_source
from rutter_assets.lake.lake import Lake
from rutter_assets.settings import Settings


def run() -> None:
    """Examine settings, lake and API; the exit code is that of an unusable API where anything is not well."""
    console = words.console()
    settings = Settings.from_env()
    source = "the embedded sandbox" if settings.source == "sandbox" else "the Rutter API"
    findings = [Finding("settings", True, f"read from the environment; they name {source}")]
    lake = Lake.open(settings.lake, buckets=settings.buckets, source=settings.source)
    findings += asyncio.run(_examine(settings, lake))
    for finding in findings:
        console.print(
            f"{'ok' if finding.is_well else 'NOT OK':<6}  {finding.subject:<12} {finding.sentence}", soft_wrap=True
        )
    if not all(finding.is_well for finding in findings):
        raise typer.Exit(failure.UNUSABLE_API)


async def _examine(settings: Settings, lake: Lake) -> list[Finding]:
    async with open_source(settings, lake) as source:
        return await examine(source, lake)
