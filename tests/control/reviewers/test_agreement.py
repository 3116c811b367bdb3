"""What several readings come to."""

import pytest

from bailiwick.control.review import Severity
from bailiwick.control.reviewers.agreement import agreed
from bailiwick.control.reviewers.model import Pass, Told, Weight

FAULT = Told("app.py", 7, "eval(x)", "runs what comes in", "", "", Severity.HIGH)
NEAR = Told("app.py", 8, ")", "runs what comes in", "", "", Severity.HIGH)
FAR = Told("app.py", 30, "exec(x)", "runs it too", "", "", Severity.HIGH)
ALL = [(1, False), (1, True), (2, False), (2, True)]


def weights(seen: dict[tuple[int, bool], tuple[Told, ...]]) -> list[tuple[int, str]]:
    passes = [Pass(run, blanked, seen.get((run, blanked), ())) for run, blanked in ALL]
    return [(item.told.line, item.weight.value) for item in agreed(passes)]


@pytest.mark.req("RV7")
@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (ALL, [Weight.BLOCKS]),
        ([(1, False)], [Weight.ADVISES]),
        ([(1, False), (1, True)], [Weight.ADVISES]),
        ([(2, True)], [Weight.ADVISES]),
        ([(1, False), (2, True)], [Weight.BLOCKS]),
        ([(1, True), (2, True)], [Weight.BLOCKS, Weight.SWAYED]),
        ([(1, False), (2, False)], [Weight.BLOCKS, Weight.SWAYED]),
        ([(1, False), (2, False), (2, True)], [Weight.BLOCKS]),
    ],
)
def test_both_runs_block_one_advises_and_comments_must_make_no_difference(
    places: list[tuple[int, bool]], expected: list[Weight]
) -> None:
    assert weights(dict.fromkeys(places, (FAULT,))) == [(7, weight.value) for weight in expected]


@pytest.mark.req("RV7")
def test_lines_close_by_are_one_fault_and_others_are_others() -> None:
    assert weights({(1, False): (FAULT,), (2, False): (NEAR,), (2, True): (FAR,)}) == [
        (7, "blocks"),
        (7, "swayed"),
        (30, "advises"),
    ]
    assert weights({}) == []
