"""The asset `rutter/report`: all figures as one page for people."""

import dagster as dg

from rutter_assets.defs.automation import follows_when_still
from rutter_assets.defs.failures import said_as_failure
from rutter_assets.defs.keys import COMPLETENESS, CONNECTIONS, GROUP, REPORT, key_of
from rutter_assets.defs.resources import RutterLake
from rutter_assets.lake import layout
from rutter_assets.marts.mart import MARTS
from rutter_assets.settings import Settings


def report_asset(settings: Settings) -> dg.AssetsDefinition:
    """The asset over the lake that the settings name."""

    @dg.asset(
        key=REPORT,
        deps=[CONNECTIONS, COMPLETENESS, *map(key_of, MARTS)],
        group_name=GROUP,
        kinds={"html"},
        tags={"rutter/layer": "report"},
        automation_condition=follows_when_still(CONNECTIONS),
        metadata={"file": dg.MetadataValue.path(f"{settings.lake}/{layout.REPORT}")},
        description=(
            "One page that needs no network: fees, refunds and chargebacks of every merchant, its completeness, and"
            " who must act, ranked by the volume that has gone dark. It holds no link and no token."
            " Definitions: docs/metrics.md."
        ),
    )
    def report(lake: RutterLake) -> dg.MaterializeResult:  # type: ignore[type-arg]
        from rutter_assets.report.page import build  # here, so that loading does not wait for the plotting library

        with said_as_failure():
            built = build(lake.open())
        return dg.MaterializeResult(
            metadata={
                "path": dg.MetadataValue.path(built.uri),
                "file_bytes": built.size_bytes,
                "merchants": built.merchants,
                "charted": built.charted,
            }
        )

    return report
