"""The benchmark: this package and its peers against the sandbox over real HTTP, each in a process of its own.

`python -m benchmarks` runs it; `docs/benchmarks.md` says what is measured, how, and with what result. A contender is a
module of `contenders` with `PACKAGES`, `load(job)` and where it needs one `prepare(job)`, which is not measured. A case
is a module of `cases` with `NAME` and `run(settings)`.
"""
