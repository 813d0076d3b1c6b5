"""What Dagster loads: everything in `defs`, over the settings of the environment."""

import dagster as dg

from rutter_assets.defs.everything import definitions_of
from rutter_assets.settings import Settings


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions over the environment; a wrong setting is a `SettingError` of one sentence."""
    return definitions_of(Settings.from_env())
