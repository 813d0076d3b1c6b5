"""What a downstream project imports: the lake's tables as arguments of its assets, and the condition that follows them.

`examples/downstream_bi` shows it whole.
"""

from rutter_assets.defs.automation import follows_its_source
from rutter_assets.defs.inputs import TABLES, LakeTables, table, table_specs
from rutter_assets.defs.partitions import days_of, its_days
from rutter_assets.settings import Settings

__all__ = ["TABLES", "LakeTables", "Settings", "days_of", "follows_its_source", "its_days", "table", "table_specs"]
