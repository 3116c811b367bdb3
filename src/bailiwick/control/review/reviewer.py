"""A review: every engine over one change, their findings merged; an engine that fails makes the review fail."""

import importlib.metadata
from collections.abc import Callable, Iterable
from dataclasses import replace

from bailiwick.control.review.engines import declared, python_flow, ruff, secrets, tree
from bailiwick.control.review.model import Change, Finding, Report

_NOTHING_READ = frozenset({"too-many-files", "push-too-large"})


def review(
    change: Change,
    *,
    known_secret: Callable[[str], bool] = lambda _: False,
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """Review a change; `known_secret` says whether a text holds a value of the vault.

    `say` is told which engine runs.
    """
    shape = list(tree.check(change))
    if not change.files and any(finding.rule.id in _NOTHING_READ for finding in shape):
        return Report(change.tree, tuple(shape))
    engines: dict[str, Callable[[], Iterable[Finding]]] = {
        "tree": lambda: shape,
        "secrets": lambda: secrets.check(change, known_secret),
        "declared": lambda: declared.check(change),
        "python-flow": lambda: python_flow.check(change),
        "ruff": lambda: ruff.check(change),
    }
    findings: list[Finding] = []
    failed: list[str] = []
    for name, run in engines.items():
        say(name)
        try:
            findings += [replace(finding, engine=name) for finding in run()]
        except Exception as fault:
            failed.append(f"{name}: {type(fault).__name__}")
    versions = dict.fromkeys(engines, importlib.metadata.version("bailiwick"))
    versions["ruff"] = importlib.metadata.version("ruff")
    return Report(change.tree, _merged(findings), tuple(failed), versions)


def _merged(findings: list[Finding]) -> tuple[Finding, ...]:
    """Return findings once for each place and rule, the worst first."""
    unique: dict[tuple[str, str, int, str], Finding] = {}
    for finding in findings:
        unique.setdefault((finding.rule.id, finding.path, finding.line, finding.commit), finding)
    return tuple(sorted(unique.values(), key=lambda item: (-item.rule.severity, item.path, item.line)))
