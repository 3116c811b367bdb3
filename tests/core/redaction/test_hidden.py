"""Values that somebody hides: spelled out, in other letters, with signs that nobody sees, split over messages."""

import random

import pytest

from bailiwick.core.masking import Masker
from bailiwick.core.redaction import Redaction, Seen, redact_strings
from tests.core.redaction.corpus import corpus

pytestmark = pytest.mark.req("AI1")
ALL = Redaction("all", strict=True)
# Put together here, so that no scanner takes it for a real one.
KEY = "ghp_" + "a1B2c3" * 6
CARD, MAIL = "4111111111111111", "ann.lee@example.com"


def _mathematical(sign: str) -> str:
    start = 0x1D41A - 97 if sign.islower() else 0x1D400 - 65 if sign.isupper() else 0x1D7CE - 48
    return chr(start + ord(sign)) if sign.isalnum() else sign


@pytest.mark.parametrize("between", [" ", "-", ".", ", ", " - ", "\n", "|", "_", "\t"])
@pytest.mark.parametrize(("value", "kind"), [(KEY, "secret"), (CARD, "card"), (MAIL, "email")])
def test_what_is_spelled_out_is_found_whole(between: str, value: str, kind: str) -> None:
    written = between.join(value)
    assert ALL.redact(f"here it is: {written} !") == f"here it is: [{kind.upper()}_1] !"


@pytest.mark.parametrize(
    "text",
    [
        "m = 1 0 1 0 0 1 1 0 1 0 1 1 1 0 1",
        "| a | b | c | d | e | f | g | h | i | j | k | l | m | n |",
        "- - - - - - - - - - - - - - - - - -",
        "H E L L O   W O R L D   O F   L E T T E R S",
        "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z",
        "1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6",
        "open 1990–1995, 20–30 – “quoted” — a dash\u00a0and 10\u00a0000 pieces",
    ],
)
def test_lists_and_letters_are_left(text: str) -> None:
    assert ALL.redact(text) == text


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("".join(map(_mathematical, KEY)), "secret"),
        ("gh\u200bp_" + "a1B2c3" * 6, "secret"),
        ("gh\u202ep_" + "a1B2\u2060c3" * 6, "secret"),
        ("4111\u00a01111\u00a01111\u00a01111", "card"),
        ("4111–1111–1111–1111", "card"),
        ("41\u200b11 11\u202e11 1111 1111", "card"),
        ("".join(chr(0x660 + int(digit)) for digit in CARD), "card"),
        ("ann＠example.com", "email"),
        ("ann\u2060@exam\u200dple.com", "email"),
        ("DE89\u202f3704\u202f0044\u202f0532\u202f0130\u202f00", "iban"),
        ("+49\u00a0171\u00a05550123", "phone"),
    ],
)
def test_other_letters_and_signs_that_nobody_sees_hide_nothing(written: str, kind: str) -> None:
    assert ALL.redact(f"it is {written} here") == f"it is [{kind.upper()}_1] here"


def _redacted(*strings: str) -> list[str]:
    return list(redact_strings(strings, ALL, Masker(), Seen()).strings)


def test_a_credential_that_is_split_over_messages_is_found_in_each() -> None:
    head, between = (
        ("role", "user", "content"),
        ("role", "assistant", "content", "ok, go on", "role", "user", "content"),
    )
    assert _redacted(*head, f"first {KEY[:15]}", *head, f"{KEY[15:]} is the rest") == [
        *head, "first [SECRET_1]", *head, "[SECRET_2] is the rest"
    ]  # fmt: skip
    long = "So it was said before. " * 30
    assert _redacted(*head, long + KEY[:10], *between, KEY[10:20], *between, f"{KEY[20:]}. {long}") == [
        *head, f"{long}[SECRET_1]", *between, "[SECRET_2]", *between, f"[SECRET_3]. {long}"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "strings",
    [
        ("the key is sk-", "role", "assistant", "content", "learn about keys"),
        ("see ghp_", "tool_call_id", "call_1234567890abcdef", "content", "nothing"),
        ("it ends with eyJ", "role", "user", "content", "and goes on in words"),
    ],
)
def test_what_only_begins_like_one_is_left(strings: tuple[str, ...]) -> None:
    assert _redacted(*strings) == list(strings)


def test_a_whole_credential_at_the_end_takes_nothing_of_the_next_message() -> None:
    assert _redacted("content", f"my key {KEY}", "role", "assistant1") == [
        "content", "my key [SECRET_1]", "role", "assistant1"
    ]  # fmt: skip


def test_hiding_costs_no_precision_on_texts_that_hide_nothing() -> None:
    plain = [item.text for item in corpus() if not item.labels]
    noise = random.Random(5)
    tables = ["\n".join(" ".join(noise.choices("0123456789", k=noise.randrange(20, 60))) for _ in range(40))]
    assert sum(len(ALL.values(text)) for text in [*plain, *tables]) <= 1
