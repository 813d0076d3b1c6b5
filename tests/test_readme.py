"""What the README says is so."""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rutter_assets.settings import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_table_of_settings_lists_every_setting_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `RUTTER_(\w+)` \| (.+?) \|", README, re.MULTILINE))
    assert rows.keys() == {name.upper() for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        said = rows[name.upper()]
        assert said in ("none", "the wall clock") if field.default is None else said == f"`{field.default}`"


def test_every_file_and_make_target_it_names_exists() -> None:
    for target in re.findall(r"^make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), target
    folders = re.findall(r"^\| `(rutter_assets/\w+/)`", README, re.MULTILINE)
    for link in re.findall(r"\]\((?!http)([^)]+)\)", README) + folders:
        assert (ROOT / link).exists(), link


def test_its_example_for_bi_runs_on_a_lake(loaded_lake: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len([line for line in example.splitlines() if line.strip()]) <= 10
    script = example.replace('"data/lake"', repr(str(loaded_lake)))
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "refund_ratio" in done.stdout
    assert re.search(r"\[\d+ rows x 4 columns\]", done.stdout)


@pytest.fixture
def loaded_lake(tmp_path: Path) -> Path:
    """A small lake with its marts, as the command line makes it, of days that the example looks at."""
    start = datetime.now(UTC).date() - timedelta(days=4)
    environment = {"RUTTER_LAKE": str(tmp_path / "lake"), "RUTTER_START_DATE": str(start), "PATH": ""}
    subprocess.run([sys.executable, "-m", "rutter_assets.cli", "sync"], env=environment, check=True, timeout=100)
    return tmp_path / "lake"
