"""A review: every engine over one change, their findings merged; an engine that fails makes the review fail."""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from bailiwick.control.review.concealing import concealed
from bailiwick.control.review.engines import secrets
from bailiwick.control.review.engines.engine import Engine
from bailiwick.control.review.engines.evasion import raised
from bailiwick.control.review.engines.registry import ENGINES
from bailiwick.control.review.merging import merge
from bailiwick.control.review.model import VAULT_ENGINE, Change, Finding, Report, Surroundings
from bailiwick.control.review.opening import softened
from bailiwick.control.review.reach import weighed
from bailiwick.control.review.rules import rule
from bailiwick.control.review.running import Failure, Run, Say, jobs_of, run_here

_NOTHING_READ = frozenset({"too-many-files", "push-too-large"})


class Layer(StrEnum):
    """Which engines read a change: those that a push waits for, or every one."""

    INLINE = "inline"
    EVERY = "every"


def slower_engines() -> tuple[str, ...]:
    """Return the names of the engines for which no push waits."""
    return tuple(engine.name for engine in ENGINES if not engine.inline)


def review(
    change: Change,
    surroundings: Surroundings | None = None,
    *,
    layer: Layer = Layer.EVERY,
    run: Run = run_here,
    known_secret: Callable[[str], bool] = lambda _: False,
    say: Say = lambda _: None,
) -> Report:
    """Review a change; `known_secret` says whether a text holds a value of the vault, `say` is told which engine runs.

    `run` is the `run` of a `ReviewPool` for all that somebody else wrote; without it engines run in this process,
    without limits.
    """
    chosen = tuple(engine for engine in ENGINES if engine.inline or layer is Layer.EVERY)
    around = surroundings or Surroundings()
    vault = _vault(known_secret)
    beside = run(jobs_of(chosen, change), around, say)
    # Values of the vault leave this process for no engine, and are looked for while the others run.
    here = [*run_here(jobs_of([vault], change), around, say)]
    outcomes = {item.engine: item for item in (*beside, *here)}
    engines = (*chosen, vault)
    findings: list[Finding] = []
    failed: list[str] = []
    for engine in engines:
        result = outcomes[engine.name].result if engine.name in outcomes else Failure("did not run")
        if isinstance(result, Failure):
            failed.append(f"{engine.name} {result.words}")
            findings.append(_as_finding(engine, result))
        else:
            findings += [replace(found, engine=engine.name) for found in result]
    nothing_read = [found for found in findings if found.rule.id in _NOTHING_READ]
    if nothing_read and not change.files:
        return Report(change.tree, tuple(nothing_read), tuple(failed))
    return Report(
        change.tree,
        merge(softened(found, around) for found in raised(weighed(concealed(findings), change))),
        tuple(failed),
        {engine.name: engine.version for engine in engines},
        slower=tuple(engine.name for engine in chosen if not engine.inline),
    )


def _vault(known_secret: Callable[[str], bool]) -> Engine:
    return Engine(VAULT_ENGINE, lambda change, _: secrets.known_values(change, known_secret), reads_history=True)


def _as_finding(engine: Engine, failure: Failure) -> Finding:
    return Finding(rule("engine-failed"), failure.path or ".", 0, f"{engine.name} {failure.words}", engine=engine.name)
