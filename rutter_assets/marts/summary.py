"""What a reader asks first: each merchant's volume, fees and refunds by currency, over all days."""

from collections.abc import Iterable
from datetime import date

import pyarrow as pa

from rutter_assets.lake.lake import Lake
from rutter_assets.marts import engine
from rutter_assets.marts.mart import MARTS, mart_files


def summary(lake: Lake, days: Iterable[date] | None = None) -> pa.Table:
    """One row per (connection_id, iso_currency_code) over all days of the marts, or over the given ones.

    Columns: connection_id, platform, iso_currency_code, sale_count, gross_volume, fees_total, all_in_fee_rate,
    fee_coverage, refund_amount, refund_ratio_amount. Money in major units; a rate or ratio without volume is null.
    """
    wanted = None if days is None else set(days)
    with engine.engine() as connection:
        for mart in MARTS.values():
            engine.bind(connection, lake, mart.table, mart_files(lake, mart, wanted), mart.table.schema.names)
        return connection.sql(engine.sql("summary")).to_arrow_table()
