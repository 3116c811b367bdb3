"""How much of what is there is found, and how much of what is found is there, over a labelled corpus of our own."""

from collections import Counter
from dataclasses import dataclass, field

import pytest

from bailiwick.core.redaction import Redaction
from tests.core.redaction.corpus import Labelled, corpus

pytestmark = pytest.mark.req("AI1")
# What was reached, a little below: what makes any of it worse is seen.
_RECALL, _PRECISION, _RECALL_OF_A_KIND = 0.98, 0.98, 0.9


@dataclass
class Score:
    there: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    found: int = 0


@pytest.fixture(scope="module")
def score() -> Score:
    redaction, score = Redaction("all"), Score()
    for item in corpus():
        _count(item, redaction.values(item.text), score)
    return score


def _count(item: Labelled, found: list[tuple[int, int, str]], score: Score) -> None:
    for start, end, kind in item.labels:
        score.there[kind] += 1
        # All of it must be gone, whatever it was taken for.
        if any(begin <= start and until >= end for begin, until, _ in found):
            score.seen[kind] += 1
        else:
            score.missed.append(f"{kind}: {item.text[start:end]} in {item.text[:80]!r}")
    score.found += len(found)
    score.wrong += [
        f"{kind}: {item.text[begin:until]!r}"
        for begin, until, kind in found
        if not any(begin < end and until > start for start, end, _ in item.labels)
    ]


def test_the_corpus_is_worth_measuring_with(score: Score) -> None:
    assert score.there.total() >= 500 and len(score.there) >= 11 and min(score.there.values()) >= 8


def test_nearly_all_of_what_is_there_is_found_of_every_kind(score: Score) -> None:
    assert score.seen.total() / score.there.total() >= _RECALL, score.missed[:20]
    low = {kind: score.seen[kind] / count for kind, count in score.there.items()}
    assert all(share >= _RECALL_OF_A_KIND for share in low.values()), (low, score.missed[:20])


def test_nearly_all_of_what_is_found_is_there(score: Score) -> None:
    assert 1 - len(score.wrong) / score.found >= _PRECISION, score.wrong[:20]
