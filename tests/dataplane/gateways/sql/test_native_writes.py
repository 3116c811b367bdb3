"""Changes through the gateway against PostgreSQL's own row security WITH CHECK: same outcome, same rows after."""

from random import Random

import pytest

from tests.fixtures.native_writes import WritingTwins, writing_twins
from tests.fixtures.random_writes import ATTRIBUTES, Writes, policy

__all__ = ["writing_twins"]


def compare(twins: WritingTwins, seed: int, policies: int, statements: int) -> tuple[int, int]:
    """Compare random statements under random grants; return how many changed something, and how many were refused."""
    random = Random(seed)
    changed = refused = 0
    for _ in range(policies):
        grant = policy(random)
        twins.follow(grant, ATTRIBUTES)
        writes = Writes(random, grant)
        texts = [writes.statement() for _ in range(statements)]
        ours, native = twins.ours(texts, grant, ATTRIBUTES), twins.native(texts)
        for text, one, other in zip(texts, ours, native, strict=True):
            assert one == other, f"{text}\n{grant.model_dump_json(exclude_defaults=True)}"
            changed += one[0] == "00000" and one[1] > 0
            refused += one[0] == "42501"
    return changed, refused


@pytest.mark.req("IN7")
@pytest.mark.parametrize("seed", range(4))
def test_random_changes_under_random_grants_come_to_the_same(writing_twins: WritingTwins, seed: int) -> None:
    changed, refused = compare(writing_twins, seed, policies=10, statements=12)
    # Where nothing changes, or everything is refused, nothing would be proved.
    assert changed >= 20
    assert refused >= 10


@pytest.mark.req("IN7")
@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 120))
def test_many_more_random_changes_come_to_the_same(writing_twins: WritingTwins, seed: int) -> None:
    changed, _ = compare(writing_twins, seed, policies=60, statements=15)
    assert changed >= 100
