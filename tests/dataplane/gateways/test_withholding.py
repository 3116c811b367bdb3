"""A credential that a system repeats reaches nobody, in whatever form and however its pieces fall."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.dataplane.gateways.withholding import Withheld
from tests.fixtures.echoing import every_form

pytestmark = pytest.mark.req("SE1", "IN1")
SECRET = 'key-7f3d/+"<9b1c&%'


@pytest.mark.parametrize("form", every_form(SECRET))
def test_every_form_is_covered_and_lengths_stay(form: str) -> None:
    written = f"before {every_form(SECRET)[form]} after".encode()
    passed = Withheld(SECRET).whole(written)
    assert len(passed) == len(written)
    assert passed.startswith(b"before ")
    assert passed.endswith(b" after")
    assert b"7f3d" not in passed
    assert passed.count(b"*") >= len(SECRET) - 2


@given(st.lists(st.sampled_from([*every_form(SECRET).values(), "key-7f3d", "plain words", "\n", "key-"])), st.data())
def test_pieces_that_fall_anywhere_say_what_the_whole_says(parts: list[str], data: st.DataObject) -> None:
    written = "|".join(parts).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(written)), max_size=8)))
    held, out, place = Withheld(SECRET), b"", 0
    for cut in [*cuts, len(written)]:
        out += held.feed(written[place:cut])
        place = cut
    out += held.rest()
    assert out == Withheld(SECRET).whole(written)


def test_what_looks_like_the_beginning_of_a_secret_is_not_kept_for_ever() -> None:
    held = Withheld(SECRET)
    assert held.feed(b"the key-7f3d") + held.feed(b" is another") + held.rest() == b"the key-7f3d is another"
    assert Withheld("").feed(b"anything") == b"anything"


def test_a_short_secret_is_covered_as_it_is_and_garbles_nothing_else() -> None:
    passed = Withheld("abc").whole(json.dumps({"abc": "616263 YWJj"}).encode())
    assert json.loads(passed) == {"***": "616263 YWJj"}
