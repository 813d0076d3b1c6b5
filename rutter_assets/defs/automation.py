"""When the marts are computed: by themselves, for exactly the days whose transactions were written."""

import dagster as dg

from rutter_assets.defs.keys import GROUP

Condition = dg.AutomationCondition[dg.AssetKey | dg.AssetCheckKey]


def follows_its_source() -> Condition:
    """True for every day, however old, of whose source a day was written since it was last asked for.

    Which days are its source, the asset's partition mapping says: a mart with trailing windows is asked for the days
    that the written day is part of, too. A day waits while a run is writing it, upstream or here.

    Not `eager()`: that looks at the latest day only, and forgets an update that lands between the tick that asks for a
    day and the next one (dagster-io/dagster#33587).
    """
    written = dg.AutomationCondition.any_deps_match(dg.AutomationCondition.newly_updated())
    return _asked_after(written, "follows its source")


def follows_when_still(*ignored: dg.AssetKey) -> Condition:
    """True for an asset without partitions once something upstream was written and nothing upstream is being written.

    So the runs of a busy hour are followed once, after the last of them. What an `ignored` source writes does not
    count, because another source is computed from it; a run of it is waited for all the same.
    """
    written = dg.AutomationCondition.any_deps_match(dg.AutomationCondition.newly_updated()).ignore(
        dg.AssetSelection.assets(*ignored)
    )
    return _asked_after(written, "follows when its sources are still")


def _asked_after(written: Condition, label: str) -> Condition:
    """True where `written` was, and not asked for since; at the first evaluation, where all that is missing is here.

    Nothing is asked for while a run writes it, upstream or here.
    """
    there_before = (
        dg.AutomationCondition.initial_evaluation()
        & dg.AutomationCondition.missing()
        & dg.AutomationCondition.any_deps_match(~dg.AutomationCondition.missing())
    )
    asked = dg.AutomationCondition.newly_requested()
    return (
        # Not `(written | there_before).since(asked)`: `|` drops the times by which `since` sees which one came last.
        (written.since(asked) | there_before.since(asked))
        & ~dg.AutomationCondition.any_deps_in_progress()
        & ~dg.AutomationCondition.in_progress()
    ).with_label(label)


def automation_sensor() -> dg.AutomationConditionSensorDefinition:
    """The sensor that evaluates the conditions, running by default."""
    return dg.AutomationConditionSensorDefinition(
        "marts_follow_transactions",
        target=dg.AssetSelection.groups(GROUP),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=15,
        description="Computes the marts of every day whose transactions were written.",
    )
