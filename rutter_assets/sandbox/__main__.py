"""`python -m rutter_assets.sandbox`: see `cli`."""

from rutter_assets.sandbox.cli import app

app(prog_name="python -m rutter_assets.sandbox")
