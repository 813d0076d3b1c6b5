"""`docs/tables.md` says what the declarations say, and the declarations what the files hold."""

from pathlib import Path

from rutter_assets.cli.tables import page
from rutter_assets.lake.lake import Lake
from rutter_assets.marts.catalogue import catalogue
from rutter_assets.marts.mart import MARTS
from rutter_assets.marts.tables import MOVEMENTS
from tests.marts.given import store, stored_movements, transaction

PAGE = Path(__file__).parents[2] / "docs" / "tables.md"


def test_the_page_of_the_tables_is_what_the_command_prints() -> None:
    assert PAGE.read_text() == page(), "Run `rutter-assets tables > docs/tables.md`."


def test_every_mart_is_in_the_catalogue_and_every_column_says_what_it_is() -> None:
    entries = {entry.name: entry for entry in catalogue()}
    assert entries.keys() >= MARTS.keys()
    for entry in entries.values():
        assert all(column.description.endswith(".") for column in entry.table.columns), entry.name


def test_the_declared_columns_of_movements_are_those_of_its_query(lake: Lake) -> None:
    store(lake, transaction())
    (found,) = stored_movements(lake)
    assert list(found) == [column.name for column in MOVEMENTS.columns]
