"""`python -m benchmarks`: run the cases, print what was found, and with `--write` keep it in `docs/benchmarks.md`."""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import report
from benchmarks.cases import CASES, throughput
from benchmarks.check import WrongRowsError
from benchmarks.contest import PEERS, ROOT, ContenderError
from benchmarks.settings import Settings


def main(
    case: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(CASES)}; may be repeated. [all]")] = None,
    contender: Annotated[
        list[str] | None, typer.Option(help="Only this module of contenders; may be repeated. [all]")
    ] = None,
    repeat: Annotated[int, typer.Option(min=1, help="Turns of each contender; the median counts.")] = 3,
    quick: Annotated[bool, typer.Option("--quick", help="Small numbers: shows that all of it runs.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Keep the result in docs/benchmarks.md.")] = False,
    peers_python: Annotated[Path, typer.Option(help="The Python that has the peers.")] = ROOT
    / ".venv-bench/bin/python",
) -> None:
    """Measure this package and its peers against the sandbox, side by side."""
    unknown = set(case or ()) - CASES.keys()
    if unknown:
        raise typer.BadParameter(f"There is no case {', '.join(sorted(unknown))}.", param_hint="--case")
    if quick and write:
        raise typer.BadParameter("Numbers of a quick run mean nothing and are not kept.", param_hint="--write")
    wanted = tuple(contender or ())
    needs_peers = any(peer.is_peer and (not wanted or peer.module in wanted) for peer in PEERS)
    if throughput.NAME in (case or CASES) and needs_peers and not peers_python.exists():
        raise typer.BadParameter(
            f"There is no {peers_python}: `make bench` makes it, or name contenders that do without.",
            param_hint="--peers-python",
        )
    with tempfile.TemporaryDirectory(prefix="rutter-bench-") as folder:
        settings = Settings(1 if quick else repeat, quick, peers_python.absolute(), Path(folder), wanted)
        for name in case or CASES:
            try:
                found = CASES[name](settings)
            except (ContenderError, WrongRowsError) as error:
                typer.echo(f"{name}: {error}", err=True)
                sys.exit(1)
            typer.echo(f"\n## {found.title}\n\n{found.text}\n")
            if write:
                report.write(found)


if __name__ == "__main__":
    typer.run(main)
