"""The names by which Dagster knows the assets; a table, its folder and its asset share one."""

from typing import Final

import dagster as dg

GROUP: Final = "rutter"


def key_of(table: str) -> dg.AssetKey:
    """The asset key of a table of the lake."""
    return dg.AssetKey([GROUP, table])


def op_of(table: str) -> str:
    """The name of the op that makes it, as run config names it."""
    return f"{GROUP}__{table}"


CONNECTIONS: Final = key_of("connections")
TRANSACTIONS: Final = key_of("transactions")
COMPLETENESS: Final = key_of("completeness")
WAREHOUSE: Final = key_of("warehouse")
REPORT: Final = key_of("report")
