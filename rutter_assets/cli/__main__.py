"""`python -m rutter_assets.cli`: the command, where its script is not on the path."""

from rutter_assets.cli import main

main()
