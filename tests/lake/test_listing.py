"""Listing files while another run adds and removes them, folders and all."""

import shutil
import threading
from pathlib import Path

from rutter_assets.lake.lake import Lake


def test_a_folder_that_goes_away_while_files_are_listed_holds_nothing(lake: Lake, tmp_path: Path) -> None:
    lake.storage.write("_staging/windows/kept/a/part.arrow", b"kept")
    of_another_run = tmp_path / "lake/_staging/windows/another"
    is_over = threading.Event()

    def come_and_go() -> None:
        while not is_over.is_set():
            for number in range(50):
                (of_another_run / str(number)).mkdir(parents=True)
            shutil.rmtree(of_another_run)

    other = threading.Thread(target=come_and_go)
    other.start()
    try:
        for _ in range(200):
            assert list(lake.storage.paths("_staging/windows")) == ["_staging/windows/kept/a/part.arrow"]
    finally:
        is_over.set()
        other.join()
