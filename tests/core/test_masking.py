"""Known values are masked in whatever form a text has them in, and nothing else is touched."""

import base64
import html
import json
import re
import time
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.core.masking import MASK, Masker

pytestmark = pytest.mark.req("SE1")
SECRET = 'p=ss/word+with&"all" <marks> é'
MASKER = Masker([SECRET, "another-value-1"])
VALUES = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), min_size=8, max_size=60)


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        json.dumps({"password": SECRET}),
        json.dumps({"body": json.dumps({"password": SECRET})}),
        json.dumps(SECRET, ensure_ascii=False),
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        re.sub("%..", lambda it: it.group().lower(), urlencode({"p": SECRET})),
        html.escape(SECRET),
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
        *(base64.b64encode(b"user:"[:size] + SECRET.encode() + b"!tail"[:size]).decode() for size in range(4)),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
        base64.encodebytes(b"x" * 50 + SECRET.encode()).decode(),
        f"{SECRET[:9]}\n    {SECRET[9:]}",
        f"{SECRET[:9]}\\\n{SECRET[9:]}",
        "\ud800" + SECRET,
    ],
    ids=range(20),
)
def test_a_value_is_masked_in_every_form(written: str) -> None:
    text = f"before {written} after"
    masked = MASKER.mask(text)
    assert MASK in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    assert MASKER.found(text) == {SECRET}
    assert MASKER.finds(text)
    assert len(masked) < len(text) + len(MASK) - 8
    assert not MASKER.finds(masked)


@given(VALUES, st.binary(max_size=5), st.binary(max_size=5))
def test_any_value_is_masked_in_any_form(value: str, before: bytes, after: bytes) -> None:
    masker = Masker([value])
    encoded = base64.b64encode(before + value.encode() + after).decode()
    for written in (value, json.dumps(value), quote(value), html.escape(value), value.encode().hex(), encoded):
        assert masker.found(written) == {value}
        assert not masker.finds(masker.mask(written))


@given(
    st.from_regex(r"[A-Za-z0-9!-+]{8,60}", fullmatch=True),
    st.lists(st.sampled_from(["\n", "\r\n", "\n    ", "\\\n", "\\n", "\\r\\n\t"]), min_size=1, max_size=4),
)
def test_a_value_is_masked_wherever_lines_were_broken_in_it(value: str, breaks: list[str]) -> None:
    masker = Masker([value])
    size = max(1, len(value) // (len(breaks) + 1))
    pieces = [value[place : place + size] for place in range(0, len(value), size)]
    written = pieces[0] + "".join(broken + piece for broken, piece in zip(breaks, pieces[1:], strict=False))
    rest = "".join(pieces[len(breaks) + 1 :])
    assert masker.found(f"before {written}{rest} after") == {value}


@given(st.text(max_size=200))
def test_what_holds_no_value_is_left_as_it_is(text: str) -> None:
    assert Masker(["a-value-that-nobody-writes"]).mask(text) == text


def test_each_line_of_a_value_is_masked_as_logs_write_it() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\nshort\n-----END KEY-----"
    masker = Masker([key])
    assert masker.mask("app: MIIEvQIBADANBgkqhkiG") == f"app: {MASK}"
    assert masker.mask(key) == MASK
    assert masker.mask("short") == "short"


def test_short_and_no_values_mask_nothing_and_nothing_is_shown() -> None:
    assert Masker([]).mask("text") == "text"
    assert Masker(["short"]).mask("a short text") == "a short text"
    assert SECRET not in repr(MASKER)
    assert Masker([]).found("text") == frozenset()


def test_many_long_values_and_a_long_text_take_no_time() -> None:
    values = [f"{number:04d}-" + "x" * 60 for number in range(300)] + [f"{n:03d}-" + "y" * 16_000 for n in range(80)]
    begun = time.process_time()
    masker = Masker(values)
    assert masker.finds(values[7])
    assert masker.found(f"x {values[-1]} y") == {values[-1]}
    assert masker.mask("x y\n" * 100_000) == "x y\n" * 100_000
    assert time.process_time() - begun < 10
