"""What a command says and returns when it fails: one sentence on the standard error, and an exit code."""

import functools
import sys
import traceback
from collections.abc import Callable
from typing import Final, ParamSpec

import typer

from rutter_assets.cli import words
from rutter_assets.errors import ApiError, IncompleteError, LakeError, RutterAssetsError, SettingError

P = ParamSpec("P")

UNUSABLE_API: Final = 3
OUR_FAULT: Final = 70
INTERRUPTED: Final = 130

_CODES: Final[tuple[tuple[type[RutterAssetsError], int], ...]] = (
    (IncompleteError, 1),
    (SettingError, 2),
    (ApiError, UNUSABLE_API),
    (LakeError, 4),
)


def exit_code_of(error: RutterAssetsError) -> int:
    """The exit code of one of the package's errors; see the package's docstring.

    A Dagster run keeps only the sentence of what failed, which is the API once settings and lake were found in order.
    """
    return next((code for kind, code in _CODES if isinstance(error, kind)), UNUSABLE_API)


def say(sentence: str) -> None:
    """One sentence on the standard error, under the command's name."""
    typer.echo(f"rutter-assets: {words.printable(sentence)}", err=True)


def told(command: Callable[P, None]) -> Callable[P, None]:
    """The command with its errors turned into a sentence and an exit code; what nobody foresaw keeps its traceback.

    The traceback shows no local variables, which may hold tokens.
    """

    @functools.wraps(command)
    def telling(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except RutterAssetsError as error:
            say(str(error))
            raise typer.Exit(exit_code_of(error)) from None
        except KeyboardInterrupt:
            say("interrupted; what was read so far is kept, and the next run goes on from there.")
            raise typer.Exit(INTERRUPTED) from None
        except (typer.Exit, BrokenPipeError):
            raise
        except Exception:  # noqa: BLE001 - the last stop: its exit code must not be that of connections that failed
            traceback.print_exc(file=sys.stderr)
            say("this is a fault of ours; please report it with the lines above.")
            raise typer.Exit(OUR_FAULT) from None

    return telling
