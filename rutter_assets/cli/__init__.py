"""`rutter-assets`: the package's work from a shell, with bars when a person looks and plain lines when not.

Exit codes, for schedulers and scripts:

  0    done; merchants whose gate is closed are no failure
  1    some connections failed; the others are on disk, and a next run repeats only these
  2    a setting or an argument is wrong; nothing was read
  3    the API cannot be used now: it accepts no credentials, does not answer, or failed for every connection
  4    a file of the lake is not what it should be
  70   a fault of ours, with its traceback
  130  interrupted; what was read is kept

No work is done here: a command reads the settings, calls the function that the Dagster asset calls, and prints.
"""

from rutter_assets.cli.app import app

__all__ = ["app", "main"]


def main() -> None:
    """The entry point of the command `rutter-assets`; it ends the process with one of the exit codes above."""
    app(prog_name="rutter-assets")
