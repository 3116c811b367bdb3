"""Blocks of Markdown in AGENTS.md: nothing in a text ends its block."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.faces.agents_md import _fenced


@pytest.mark.req("RV8")
@given(st.lists(st.sampled_from(["```", "````", " ```toml", "text", "`", ""]), max_size=6).map("\n".join))
def test_no_text_ends_its_block(text: str) -> None:
    begin, inside, end = _fenced(text, "toml")
    assert (inside, begin) == (text, f"{end}toml")
    assert not [line for line in text.split("\n") if re.fullmatch(rf" *{end}`* *", line)]
