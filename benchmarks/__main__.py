"""Runs every benchmark and prints one table of ratios; with `--write`, keeps it in docs/benchmarks.md with the date."""

import argparse
import importlib
import pkgutil
from datetime import UTC, datetime
from pathlib import Path

import benchmarks

TARGET = Path(__file__).parent.parent / "docs" / "benchmarks.md"
INTRODUCTION = """# Benchmarks

Each figure is a ratio against a named peer or limit, both measured in one run on the same machine, so that it means
the same on another. `make bench ARGS=--write` measures again and replaces this table.
"""


def measure_all() -> list[tuple[str, float, str]]:
    """Run every `bench_*` module and return its rows: what was measured, the ratio, the figures behind it."""
    rows: list[tuple[str, float, str]] = []
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if module.name.startswith("bench_"):
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
    table_wanted = parser.parse_args()
    table = as_table(measure_all())
    print(table)
    if table_wanted.write:
        TARGET.write_text(f"{INTRODUCTION}\nMeasured on {datetime.now(UTC):%Y-%m-%d}.\n\n{table}")


if __name__ == "__main__":
    main()
