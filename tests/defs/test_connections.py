"""`rutter/connections`: the snapshot, and who must act."""

import dagster as dg

from tests.defs.conftest import StageOf, sales

BAKER = "Closed Bakery (sample)"


def stage_with_trouble(stage_of: StageOf) -> tuple[dg.ExecuteInProcessResult, dict[str, str]]:
    """A run over three merchants, two of which must act; and their links by name."""
    locked_out = sales(2, name="Locked Out (sample)", status="needs_reauth")
    closed = sales(2, name=BAKER, status="disabled", disabled_reason="SHOP_PAYMENT_REQUIRED")
    stage = stage_of(sales(2), locked_out, closed)
    return stage.run("snapshot_connections"), {one.name: one.link_url for one in (locked_out, closed)}


def test_a_snapshot_counts_the_connections_by_status(stage_of: StageOf) -> None:
    result, _ = stage_with_trouble(stage_of)
    (found,) = result.asset_materializations_for_node("rutter__connections")
    counts = {name: value.value for name, value in found.metadata.items() if name.startswith("status/")}
    assert counts == {"status/active": 1, "status/disabled": 1, "status/needs_reauth": 1}


def test_who_must_act_is_a_warning_with_the_deed_and_the_link(stage_of: StageOf) -> None:
    result, links = stage_with_trouble(stage_of)
    (found,) = result.get_asset_check_evaluations()
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    rows = str(found.metadata["merchants"].value).splitlines()[2:]
    assert len(rows) == 2
    (baker,) = [line for line in rows if BAKER in line]
    assert "the merchant must pay what is due to the platform" in baker
    assert links[BAKER] in baker


def test_the_snapshot_itself_shows_no_link_and_no_token(stage_of: StageOf) -> None:
    result, links = stage_with_trouble(stage_of)
    (found,) = result.asset_materializations_for_node("rutter__connections")
    shown = str({name: value.value for name, value in found.metadata.items()})
    assert BAKER in shown
    assert not any(link in shown for link in links.values())


def test_the_check_passes_when_nobody_must_act(stage_of: StageOf) -> None:
    (found,) = stage_of(sales(2)).run("snapshot_connections").get_asset_check_evaluations()
    assert found.passed
