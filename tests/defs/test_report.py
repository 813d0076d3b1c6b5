"""The report as an asset: what it tells, when it follows, and what is never in it."""

from pathlib import Path

from rutter_assets.defs.keys import COMPLETENESS, REPORT
from tests.defs.conftest import StageOf, sales
from tests.defs.daemon import Daemon, materialize


def test_it_is_one_file_that_names_who_must_act_and_holds_no_secret(stage_of: StageOf) -> None:
    merchant, locked_out = sales(4, 2), sales(3, name="Locked Out (sample)", status="needs_reauth")
    stage = stage_of(merchant, locked_out)
    stage.run("snapshot_connections")
    stage.read(6, 0)
    stage.run("compute_marts", first=6, last=0)
    (found,) = stage.run("publish").asset_materializations_for_node("rutter__report")
    told = {name: value.value for name, value in found.metadata.items()}
    page = Path(str(told["path"])).read_text()
    assert (told["merchants"], told["charted"], told["file_bytes"]) == (2, 1, len(page.encode()))
    assert "Locked Out (sample)" in page
    secrets = (stage.sandbox.client_secret, *(one.access_token for one in (merchant, locked_out)))
    links = (merchant.link_url, locked_out.link_url)
    assert not [secret for secret in (*secrets, *links) if secret in page]


def test_it_follows_marts_and_completeness_once_each(stage_of: StageOf) -> None:
    stage = stage_of(sales(4, 2))
    daemon = Daemon(stage, REPORT)
    assert not daemon.asks()
    stage.run("snapshot_connections")
    assert not daemon.asks(), "completeness is judged first"
    materialize(stage, COMPLETENESS)
    assert daemon.asks()
    stage.read(6, 0)
    assert not daemon.asks(), "the marts are computed first"
    stage.run("compute_marts", first=6, last=0)
    assert daemon.asks()
    assert not daemon.asks()
