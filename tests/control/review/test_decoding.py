"""What makes the secrets engine fast must not make it miss anything."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from bailiwick.control.review.engines.secrets.decoding import decodings
from bailiwick.control.review.engines.secrets.joining import Joined

TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=20, max_size=60)


@given(
    text=TEXT,
    before=st.binary(max_size=7),
    beside=st.text("abcXYZ09+/", max_size=5),
    encode=st.sampled_from([base64.b64encode, base64.urlsafe_b64encode]),
    name=st.sampled_from(["ascii", "utf-16-le", "utf-16-be"]),
)
def test_text_in_base64_is_decoded_wherever_it_begins(text, before, beside, encode, name) -> None:  # type: ignore[no-untyped-def]
    written = b"= " + beside.encode() + encode(before + text.encode(name)) + b" ;"
    assert any(text.encode() in decoded for _, decoded in decodings(written))


@given(parts=st.lists(st.sampled_from([b"a", b"\n", b'"', b"'", b" ", b"+", b"\\\n", b'" "', b"' + '"]), max_size=30))
def test_a_place_in_joined_text_is_found_again(parts: list[bytes]) -> None:
    text = b"".join(parts)
    joined = Joined(text)
    for place, byte in enumerate(joined.text):
        assert text[joined.place_before(place)] == byte
