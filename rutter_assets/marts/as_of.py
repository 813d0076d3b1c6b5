"""A mart as it was known at an instant: the files as they are now, and back through the restatements since."""

from datetime import UTC, datetime
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.tables import INSTANT
from rutter_assets.marts import engine
from rutter_assets.marts.mart import Mart, bind_stored, mart_files
from rutter_assets.marts.restatements import restatement_files
from rutter_assets.marts.tables import PUBLISHED, RESTATEMENTS

_ORDER: Final = "date, connection_id, iso_currency_code"


def as_of(lake: Lake, mart: Mart, at: datetime) -> pa.Table:
    """The mart's rows as they were known at the aware instant `at`, exactly and in order; `mart.schema`.

    A day that was first computed later has no rows, and neither has a merchant whose rows of that day came later.
    """
    first = layout.restatements(mart.name, at.astimezone(UTC).date())
    since = [path for path in restatement_files(lake, mart.name) if path >= first]
    with engine.engine() as connection:
        bind_stored(connection, lake, mart, mart_files(lake, mart))
        engine.bind(connection, lake, RESTATEMENTS, since, RESTATEMENTS.schema.names)
        connection.from_arrow(_published_by(lake, mart, at)).create(PUBLISHED.name)
        connection.sql(engine.sql("as_of"), params={"at": at}).create("figures")
        connection.from_arrow(mart.schema.empty_table()).create("rows_then")  # which makes numbers of texts
        connection.execute(engine.sql("as_of_rows"))
        return connection.table("rows_then").order(_ORDER).to_arrow_table().cast(mart.schema)


def _published_by(lake: Lake, mart: Mart, at: datetime) -> pa.Table:
    """The days of the mart that had been computed by then."""
    rows = lake.rows_of(PUBLISHED, layout.published(mart.name))
    return rows.filter(pc.less_equal(rows["known_at"], pa.scalar(at, INSTANT))).select(["date"])
