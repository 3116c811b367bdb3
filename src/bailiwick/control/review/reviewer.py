"""A review: every engine over one change, their findings merged; an engine that fails makes the review fail."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from bailiwick.control.review.concealing import concealed
from bailiwick.control.review.engines import secrets
from bailiwick.control.review.engines.engine import Engine
from bailiwick.control.review.engines.evasion import raised
from bailiwick.control.review.engines.registry import ENGINES
from bailiwick.control.review.merging import merge
from bailiwick.control.review.model import VAULT_ENGINE, Change, Finding, Report, Surroundings
from bailiwick.control.review.reach import weighed
from bailiwick.control.review.rules import rule
from bailiwick.control.review.running import Failure, Outcome, Run, Say, jobs_of, run_here

_NOTHING_READ = frozenset({"too-many-files", "push-too-large"})


def review(
    change: Change,
    surroundings: Surroundings | None = None,
    *,
    run: Run = run_here,
    known_secret: Callable[[str], bool] = lambda _: False,
    say: Say = lambda _: None,
) -> Report:
    """Review a change; `known_secret` says whether a text holds a value of the vault, `say` is told which engine runs.

    `run` is the `run` of a `ReviewPool` for all that somebody else wrote; without it engines run in this process,
    without limits.
    """
    outcomes = {item.engine: item for item in _outcomes(change, surroundings or Surroundings(), run, known_secret, say)}
    engines = (*ENGINES, _vault(known_secret))
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
        return Report(change.tree, tuple(nothing_read))
    return Report(
        change.tree,
        merge(raised(weighed(concealed(findings), change))),
        tuple(failed),
        {engine.name: engine.version for engine in engines},
    )


def _outcomes(
    change: Change,
    surroundings: Surroundings,
    run: Run,
    known_secret: Callable[[str], bool],
    say: Say,
) -> Iterator[Outcome]:
    yield from run(jobs_of(ENGINES, change), surroundings, say)
    # Values of the vault leave this process for no engine.
    yield from run_here(jobs_of([_vault(known_secret)], change), surroundings, say)


def _vault(known_secret: Callable[[str], bool]) -> Engine:
    return Engine(VAULT_ENGINE, lambda change, _: secrets.known_values(change, known_secret), reads_history=True)


def _as_finding(engine: Engine, failure: Failure) -> Finding:
    return Finding(rule("engine-failed"), ".", 0, f"{engine.name} {failure.words}", engine=engine.name)
