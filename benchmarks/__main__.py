"""Runs every benchmark and prints one table of ratios; with `--write`, keeps it in docs/benchmarks.md with the date."""

import argparse
import importlib
import pkgutil
from datetime import UTC, datetime
from pathlib import Path

import benchmarks
from benchmarks.bench_review_quality import kept

TARGET = Path(__file__).parent.parent / "docs" / "benchmarks.md"
INTRODUCTION = """# Benchmarks

Each figure is a ratio against a named peer or limit, both measured in one run on the same machine, so that it means
the same on another. `make bench ARGS=--write` measures again and replaces this table. `BAILIWICK_BENCH_EVENTS` says how
long a log the audit searches are measured on: 200,000 events when it says nothing, 10,000,000 for the record.
"""


def measure_all(only: list[str]) -> list[tuple[str, float, str]]:
    """Run every `bench_*` module, or only those named, and return rows: what was measured, the ratio, the figures."""
    rows: list[tuple[str, float, str]] = []
    for module in pkgutil.iter_modules(benchmarks.__path__):
        name = module.name.removeprefix("bench_")
        if name != module.name and (not only or name in only):
            print(f"  {module.name} ...", flush=True)
            rows += importlib.import_module(f"benchmarks.{module.name}").measure()
    return rows


def as_table(rows: list[tuple[str, float, str]]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| what | ratio | measured |", "|---|---:|---|"]
    return "\n".join([*lines, *(f"| {name} | {ratio:.2f} | {detail} |" for name, ratio, detail in rows)]) + "\n"


def main() -> None:
    """Measure, print, and keep the table when asked."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--write", action="store_true", help="replace the table in docs/benchmarks.md")
    parser.add_argument("only", nargs="*", help="run only these, such as router or sql_gateway")
    wanted = parser.parse_args()
    if wanted.write and wanted.only:
        parser.error("the table is replaced whole, so --write goes with all benchmarks")
    table = as_table(measure_all(wanted.only))
    print(table)
    if wanted.write:
        quality = kept(TARGET.read_text())
        TARGET.write_text(f"{INTRODUCTION}\nMeasured on {datetime.now(UTC):%Y-%m-%d}.\n\n{table}\n{quality}")


if __name__ == "__main__":
    main()
