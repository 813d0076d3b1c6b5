"""`make soak`: the soak in its long form; a line a minute, then a verdict; exit code 1 where a promise was broken."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.soak.soak import Shape, Soak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--connections", type=int, default=Shape.connections)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rutter_assets-soak-") as folder:
        soak = Soak(Shape(connections=given.connections), Path(folder) / "soak", lambda line: print(line, flush=True))
        broken = soak.run(given.minutes)
    for why, count in sorted(soak.tally.failed_runs.items()):
        print(f"{count} runs failed and were made up for: {why}")
    for sentence in broken:
        print(f"BROKEN  {sentence}")
    if broken:
        sys.exit(1)
    print("Kept: the lake equals the truth, memory is flat, no file stays open, and no limit was hit.")


if __name__ == "__main__":
    main()
