"""Prints which requirements the tests prove: every id that docs/requirements.md lists against the `req` marks."""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROW = re.compile(r"^\| ([A-Z]{2}\d+) \| (.+?) \|", re.MULTILINE)


def required() -> dict[str, str]:
    """Return every requirement by id, in the order of the document."""
    return dict(ROW.findall((ROOT / "docs" / "requirements.md").read_text()))


def ids_in(marks: Iterable[ast.AST]) -> list[str]:
    """Return the ids of the `req` marks among marks."""
    calls = [call for call in marks if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.req"]
    return [str(argument.value) for call in calls for argument in call.args if isinstance(argument, ast.Constant)]


def marks_of_module(module: ast.Module) -> list[ast.AST]:
    """Return what `pytestmark` of a module says of all tests in it."""
    assigned = (node for node in module.body if isinstance(node, ast.Assign))
    return [mark for node in assigned if ast.unparse(node.targets[0]) == "pytestmark" for mark in ast.walk(node.value)]


def proved() -> dict[str, list[str]]:
    """Return the tests by the id that they prove."""
    proofs: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        module = ast.parse(path.read_text())
        of_all = ids_in(marks_of_module(module))
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                for requirement in dict.fromkeys([*of_all, *ids_in(node.decorator_list)]):
                    proofs[requirement].append(f"{path.relative_to(ROOT)}::{node.name}")
    return proofs


def main() -> int:
    """Print the report; return 1 when a test names a requirement that does not exist."""
    wanted, proofs = required(), proved()
    for requirement, words in wanted.items():
        tests = proofs.get(requirement, [])
        print(f"{'proved' if tests else '  open':>7}  {requirement:<5} {len(tests):>3} tests  {words[:90]}")
        for test in tests if "-v" in sys.argv else []:
            print(f"{'':>24}{test}")
    unknown = sorted(set(proofs) - set(wanted))
    print(f"\n{len(set(proofs) & set(wanted))} of {len(wanted)} requirements have tests that prove a part of them.")
    if unknown:
        print(f"unknown ids: {', '.join(unknown)}")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
