import pytest

from bailiwick.core.errors import InvalidInputError
from bailiwick.core.reasons import LONGEST_REASON, given_reason


@pytest.mark.req("RV9")
@pytest.mark.parametrize("nothing", ["", " ", "\n\t"])
def test_no_reason_is_refused_with_what_needs_it_and_what_to_say(nothing: str) -> None:
    with pytest.raises(InvalidInputError, match="a waiver needs a reason") as refused:
        given_reason(nothing, "say what you looked at", what="a waiver")
    assert refused.value.hint == "say what you looked at"


@pytest.mark.req("RV9")
def test_a_reason_is_kept_without_space_around_it_and_bounded() -> None:
    assert given_reason("  read it \n") == "read it"
    assert len(given_reason("x" * 9_000)) == LONGEST_REASON
