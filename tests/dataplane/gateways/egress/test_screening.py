import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bailiwick.core.sensitive import KINDS, Finder
from bailiwick.dataplane.gateways.egress.connection import RefusedError
from bailiwick.dataplane.gateways.egress.content import Content
from bailiwick.dataplane.gateways.egress.screening import Screen

SECRET = "the, plane's own {secret}"
KEY = b"-----BEGIN PRIVATE KEY-----\nProc-Type: 4\nMIIEvQIBADANBgkqhkiG9w0B\n-----END PRIVATE KEY-----\n"
VALUES = [b"4111 1111 1111 1111", b"GB82WEST12345698765432", b"jo.doe@corp.example", SECRET.encode(), KEY]
FILLERS = st.sampled_from([b" ", b"\n", b'{"a":"', b'"}', b"text ", b"- 12 ", b"x" * 700, b"a=1&b="])


def screen(rule: str = "mask", *, is_json: bool = False) -> Screen:
    return Screen(Finder(KINDS, [SECRET]), rule, "the body", is_json=is_json)  # type: ignore[arg-type]


@pytest.mark.req("RT2")
@settings(max_examples=150, deadline=None)
@given(
    parts=st.lists(st.tuples(FILLERS, st.sampled_from(VALUES)), max_size=6),
    cuts=st.lists(st.integers(1, 60), min_size=1, max_size=12),
)
def test_no_value_passes_however_a_body_is_cut(parts: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    body = b"".join(filler + b" " + value + b"\n" for filler, value in parts) + b"end"
    looked = screen()
    out, place, turn = b"", 0, 0
    while place < len(body):
        size = cuts[turn % len(cuts)]
        out += looked.feed(body[place : place + size])
        place, turn = place + size, turn + 1
    out += looked.rest()
    assert len(out) == len(body)
    assert out.endswith(b"end")
    for piece in [*VALUES[:4], b"MIIEvQIBADANBgkqhkiG9w0B"]:
        assert piece not in out
    assert sum(looked.counts.values()) == len(parts)


@pytest.mark.req("RT2")
def test_lines_pass_at_once_and_little_is_held_back() -> None:
    looked = screen()
    assert looked.feed(b"data: an event\n\n") == b"data: an event\n\n"
    assert looked.feed(b"data: half of jo@corp") == b""
    assert looked.feed(b".example\n") == b"data: half of ***************\n"
    passed = sum(len(looked.feed(b"y" * 1000)) for _ in range(50))
    assert 50_000 - passed <= 512


@pytest.mark.req("RT2")
def test_numbers_in_json_stay_numbers() -> None:
    looked = screen(is_json=True)
    body = b'{"card": 4111111111111111, "text": "4111111111111111"}'
    assert looked.feed(body) + looked.rest() == b'{"card": 4000000000000000, "text": "****************"}'


@pytest.mark.req("RT2")
def test_a_refusal_counts_and_shows_no_value() -> None:
    looked = screen("refuse")
    with pytest.raises(RefusedError) as refused:
        looked.feed(b"to jo@corp.example, al@corp.example\n")
    assert str(refused.value) == "the body holds sensitive values (email: 2)"


@pytest.mark.req("RT2")
@pytest.mark.parametrize(
    ("media_type", "encoding", "words"),
    [
        ("text/plain", "br", "compressed in a way that is not read (br)"),
        ("text/plain", "gzip, gzip", "compressed in a way that is not read (gzip, gzip)"),
        ("application/json; charset=utf-16", "", "text that is not read (utf-16)"),
        ('text/plain; Charset="UTF-7"', "", "text that is not read (utf-7)"),
    ],
)
def test_what_cannot_be_read_does_not_pass(media_type: str, encoding: str, words: str) -> None:
    with pytest.raises(RefusedError) as refused:
        Content(Finder(), "mask", "the body", media_type=media_type, encoding=encoding)
    assert words in str(refused.value)


@pytest.mark.req("RT2")
def test_text_that_says_by_its_first_bytes_that_it_is_wide_does_not_pass() -> None:
    looked = screen()
    looked.feed(b"\xff")
    with pytest.raises(RefusedError, match="UTF-16"):
        looked.feed("jo@corp.example".encode("utf-16-le").join([b"\xfe", b""]))
