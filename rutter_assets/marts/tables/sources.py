"""What the columns of the marts are made of, as the declarations say it."""

from dataclasses import replace
from typing import Final

import pyarrow as pa

from rutter_assets.lake.tables import Column


def of(*names: str) -> tuple[str, ...]:
    return tuple(f"transactions.{name}" for name in names)


def made_from(sources: tuple[str, ...], *columns: Column, made_with: str | None = None) -> tuple[Column, ...]:
    """The columns, all made of these sources."""
    return tuple(replace(column, made_of=sources, made_with=made_with) for column in columns)


def as_sent(*columns: Column) -> tuple[Column, ...]:
    """The columns, each made of the one of its name in `transactions`."""
    return tuple(replace(column, made_of=of(column.name)) for column in columns)


KIND: Final = of("type", "status", "platform_type", "description", "platform_data")
"""What decides which movement a transaction is, and whether it counts."""
DISPUTE: Final = of("status", "platform_type", "description", "platform_data")
AMOUNT: Final = of("amount")
WHEN: Final = of("created_at")

DATE: Final = Column("date", pa.date32(), "The UTC date of created_at.", nullable=False, made_of=WHEN)
"""The partition: in the path of a mart's file and not in the file, as everywhere in the lake."""
