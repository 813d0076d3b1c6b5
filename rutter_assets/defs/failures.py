"""Our errors as Dagster shows them: one sentence that says what to do, without the stack of what was done."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import dagster as dg

from rutter_assets.errors import RutterAssetsError

ERROR: Final = "error"
"""The metadata entry that names the kind of error."""


@contextmanager
def said_as_failure() -> Iterator[None]:
    """Turn an error of the package into a `Failure` with its sentence."""
    try:
        yield
    except RutterAssetsError as error:
        raise dg.Failure(str(error), metadata={ERROR: type(error).__name__}) from None
