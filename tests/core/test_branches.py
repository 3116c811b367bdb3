import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.core.branches import branch_label, checked_branch
from bailiwick.core.errors import InvalidInputError

_PARTS = st.text("abcXYZ019-_.", min_size=1, max_size=30)


@pytest.mark.req("RV1")
@pytest.mark.parametrize(
    "name",
    [
        "", "../main", "main", "main/x", "Main", "HEAD", "a..b", "x.lock", "x.lock/y", "x.", "-x", "/x", "x/", "a//b",
        "x@y", "a@{1}", "\u00e4", "a b", "a\nb", "a\0b", "a:b", "a~1", "a^", "a?", "a*", "a[", "a\\b", "a/.b",
        "x" * 101,
    ],
)  # fmt: skip
def test_names_that_no_branch_has_are_refused_with_the_rule(name: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        checked_branch(name)
    assert refused.value.hint


@pytest.mark.req("RV1")
def test_a_plain_name_stands_for_itself_and_no_other_looks_like_it() -> None:
    assert branch_label("fix-login") == "fix-login"
    alike = ["fix/login", "fix-login", "Fix-Login", "fix--login", "fix_login", "fix.login", "fix-Login"]
    assert len({branch_label(name) for name in alike}) == len(alike)
    marked = branch_label("fix/login")
    assert branch_label(marked) != marked, "a name that looks like a label of ours does not take that one's place"


@given(st.lists(_PARTS, min_size=1, max_size=4).map("/".join))
def test_every_label_is_one_of_dns(name: str) -> None:
    try:
        label = branch_label(checked_branch(name))
    except InvalidInputError:
        return
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", label)
    assert label[2:4] != "--"
