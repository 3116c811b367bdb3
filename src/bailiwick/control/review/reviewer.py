"""A review: every engine over one change, their findings merged; an engine that fails makes the review fail."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from bailiwick.control.review.engines import secrets
from bailiwick.control.review.engines.engine import Engine
from bailiwick.control.review.engines.registry import ENGINES
from bailiwick.control.review.model import VAULT_ENGINE, Change, Finding, Report, Surroundings

_NOTHING_READ = frozenset({"too-many-files", "push-too-large"})


def review(
    change: Change,
    surroundings: Surroundings | None = None,
    *,
    known_secret: Callable[[str], bool] = lambda _: False,
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """Review a change; `known_secret` says whether a text holds a value of the vault.

    `say` is told which engine runs.
    """
    # Values of the vault leave this process for no engine.
    vault = Engine(VAULT_ENGINE, lambda change, _: secrets.known_values(change, known_secret), reads_history=True)
    findings: list[Finding] = []
    failed: list[str] = []
    for engine in (*ENGINES, vault):
        say(engine.name)
        try:
            findings += [replace(found, engine=engine.name) for found in _run(engine, change, surroundings)]
        except Exception as fault:
            failed.append(f"{engine.name}: {type(fault).__name__}")
        if not change.files and any(found.rule.id in _NOTHING_READ for found in findings):
            return Report(change.tree, tuple(findings))
    versions = {engine.name: engine.version for engine in (*ENGINES, vault)}
    return Report(change.tree, _merged(findings), tuple(failed), versions)


def _run(engine: Engine, change: Change, surroundings: Surroundings | None) -> Iterable[Finding]:
    files = tuple(file for file in change.files if engine.reads(file.path))
    history = change.history if engine.reads_history else ()
    return engine.check(replace(change, files=files, history=history), surroundings or Surroundings())


def _merged(findings: list[Finding]) -> tuple[Finding, ...]:
    """Return findings once for each place and rule, the worst first."""
    unique: dict[tuple[str, str, int, str], Finding] = {}
    for finding in findings:
        unique.setdefault((finding.rule.id, finding.path, finding.line, finding.commit), finding)
    return tuple(sorted(unique.values(), key=lambda item: (-item.severity, item.path, item.line)))
