"""The SQL files of this folder, which read what the marts hold."""

from importlib.resources import files


def sql(name: str) -> str:
    """The text of one of them."""
    return files("rutter_assets.report").joinpath(f"{name}.sql").read_text(encoding="utf-8")
