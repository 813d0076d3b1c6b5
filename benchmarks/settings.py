"""How a run of the benchmark goes: how often, how big, with which Python for the peers, and whom to tell."""

from dataclasses import dataclass
from pathlib import Path

import typer


@dataclass(frozen=True)
class Settings:
    """`is_quick`: small numbers that show that everything runs, and mean nothing.

    `folder`: where all turns write. Nothing in it is removed before the end: for minutes after many files were deleted,
    ext4 is slow to make new ones, and the turns that follow would pay for it.
    """

    repeat: int
    is_quick: bool
    peers_python: Path
    folder: Path
    contenders: tuple[str, ...] = ()

    def say(self, sentence: str) -> None:
        """Progress, beside the result."""
        typer.echo(sentence, err=True)
