"""Standards alone, over the files of an app: what a trial of a draft asks for."""

from collections.abc import Sequence

from bailiwick.control.review.engines.registry import ENGINES
from bailiwick.control.review.model import Change, Finding, Surroundings
from bailiwick.control.review.running import Failure, Run, jobs_of, run_here
from bailiwick.core.artifacts import TreeFile


def held_to_standards(
    files: Sequence[TreeFile], surroundings: Surroundings, run: Run = run_here
) -> tuple[Finding, ...]:
    """Return where files break the standards around them; raise `RuntimeError` in words when it cannot be told.

    `run` is the `run` of a `ReviewPool` for what somebody else wrote.
    """
    engine = next(item for item in ENGINES if item.name == "standards")
    outcomes = list(run(jobs_of([engine], Change("", (), tuple(files))), surroundings, lambda _: None))
    if len(outcomes) != 1:
        raise RuntimeError("standards did not run")
    result = outcomes[0].result
    if isinstance(result, Failure):
        raise RuntimeError(f"standards: it {result.words}")
    return result
