"""The part of Dagster's daemon that evaluates conditions, for the assets without partitions."""

import dagster as dg

from rutter_assets.defs.keys import GROUP
from tests.defs.conftest import Stage


class Daemon:
    """Ticks over the whole group, and tells of one asset."""

    def __init__(self, stage: Stage, key: dg.AssetKey) -> None:
        self._stage, self._key = stage, key
        self._cursor: object = None

    def asks(self) -> bool:
        """Whether a tick asks for the asset."""
        result = dg.evaluate_automation_conditions(
            defs=self._stage.definitions,
            instance=self._stage.instance,
            asset_selection=dg.AssetSelection.groups(GROUP),
            cursor=self._cursor,  # type: ignore[arg-type]
        )
        self._cursor = result.cursor
        return result.get_num_requested(self._key) == 1


def materialize(stage: Stage, key: dg.AssetKey) -> dg.ExecuteInProcessResult:
    """Materialize one asset, as the button in the UI does."""
    everything = stage.definitions.resolve_implicit_global_asset_job_def()
    return everything.get_subset(asset_selection={key}).execute_in_process(instance=stage.instance)
