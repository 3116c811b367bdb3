"""What is asked of an engine, and what became of it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bailiwick.control.review.engines.engine import Engine
from bailiwick.control.review.model import Change, Finding, Surroundings

Say = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """An engine and what it is to read."""

    engine: Engine
    change: Change


@dataclass(frozen=True, slots=True)
class Failure:
    """How an engine ended that did not do its work, in words that follow its name; `path` is the file, if known."""

    words: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one engine."""

    engine: str
    result: tuple[Finding, ...] | Failure


Run = Callable[[Sequence[Job], Surroundings, Say], Iterable[Outcome]]


def jobs_of(engines: Iterable[Engine], change: Change) -> list[Job]:
    """Return a job for each engine, with the part of a change that it reads."""
    return [Job(engine, _read_by(engine, change)) for engine in engines]


def _read_by(engine: Engine, change: Change) -> Change:
    files = tuple(file for file in change.files if engine.reads(file.path))
    history = change.history if engine.reads_history else ()
    if engine.each_file_alone:
        return Change(change.tree, (), files, history)
    return replace(change, files=files, history=history)


def run_here(jobs: Sequence[Job], surroundings: Surroundings, say: Say) -> Iterator[Outcome]:
    """Run engines in this process, without limits: for tests and rules at work, never for what somebody pushed."""
    for job in jobs:
        say(job.engine.name)
        try:
            found = tuple(job.engine.check(job.change, surroundings))
        except Exception as fault:
            yield Outcome(job.engine.name, Failure(f"failed: {type(fault).__name__}"))
        else:
            yield Outcome(job.engine.name, found)
