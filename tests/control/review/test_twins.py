import pytest

from tests.control.review.twins import Twin, found_in, twins


@pytest.mark.req("RV2")
@pytest.mark.parametrize("twin", [pytest.param(twin, id=f"{twin.rule}/{twin.name}") for twin in twins()])
def test_a_rule_finds_what_breaks_it_and_nothing_that_looks_alike(twin: Twin) -> None:
    found = {(item.path, item.line) for item in found_in(twin) if item.rule.id == twin.rule}
    if not twin.bad:
        assert found == set()
    elif twin.marked:
        assert found == twin.marked
    else:
        assert found
