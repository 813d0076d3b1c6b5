"""When the marts are computed: by themselves, for exactly the days whose transactions were written."""

import dagster as dg

from rutter_assets.defs.keys import GROUP


def follows_its_source() -> dg.AutomationCondition[dg.AssetKey | dg.AssetCheckKey]:
    """True for every day, however old, that was written upstream since it was last asked for.

    Not `eager()`: that looks at the latest day only, and forgets an update that lands between the tick that asks for a
    day and the next one (dagster-io/dagster#33587). At the first evaluation, whatever is there upstream and missing
    here counts as written. A day waits while a run is writing it, upstream or here.
    """
    written = dg.AutomationCondition.any_deps_match(dg.AutomationCondition.newly_updated())
    there_before = (
        dg.AutomationCondition.initial_evaluation()
        & dg.AutomationCondition.missing()
        & ~dg.AutomationCondition.any_deps_missing()
    )
    asked = dg.AutomationCondition.newly_requested()
    return (
        # Not `(written | there_before).since(asked)`: `|` drops the times by which `since` sees which one came last.
        (written.since(asked) | there_before.since(asked))
        & ~dg.AutomationCondition.any_deps_in_progress()
        & ~dg.AutomationCondition.in_progress()
    ).with_label("follows its source")


def automation_sensor() -> dg.AutomationConditionSensorDefinition:
    """The sensor that evaluates the conditions, running by default."""
    return dg.AutomationConditionSensorDefinition(
        "marts_follow_transactions",
        target=dg.AssetSelection.groups(GROUP),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=15,
        description="Computes the marts of every day whose transactions were written.",
    )
