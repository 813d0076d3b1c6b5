"""The page `docs/licences.md`, printed: whose code comes with the package, and under which licence."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]

_HEAD: Final = """\
# Licences

Made by `make licences` from what the installed packages say of themselves; `make test` holds that it is up to date and
that no licence is outside of the allow-list in `tests/test_supply_chain.py`.
"""


def page() -> str:
    """What runs with the package (`locks/runtime.txt`), then what only builds and tests it.

    What only other platforms than this one need is not installed here, and so not listed.
    """
    names = re.findall(r"^([\w.-]+)==", (ROOT / "locks/runtime.txt").read_text(), re.MULTILINE)
    runs = _table("--packages", *names)
    builds = _table("--ignore-packages", *names, "rutter-assets")
    return f"{_HEAD}\n## What runs with it\n\n{runs}\n## What only builds and tests it\n\n{builds}"


def _table(*which: str) -> str:
    command = [str(Path(sys.executable).with_name("pip-licenses")), *which]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.rstrip() + "\n"


if __name__ == "__main__":
    print(page(), end="")
