"""What is taken out of texts: known values, and what has the form of a credential; and what is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.core.ids import new_secret
from bailiwick.core.masking import Masker
from bailiwick.core.redaction import Redaction, redact_strings

STRICT, KNOWN = Redaction("secrets", strict=True), Masker(["the-password-of-the-orders"])
# Put together here, so that no scanner takes them for real ones.
CREDENTIALS = {
    "ours": new_secret("bwt"),
    "aws": "AKIA" + "Q3EGRIFKLT7ZVWXN",
    "github": "ghp_" + "a1B2c3" * 6,
    "gitlab": "glpat-" + "a1B2c3D4e5F6g7H8i9J0",
    "slack": "xoxb-" + "123456789012-abcdefABCDEF",
    "stripe": "sk_live_" + "a1B2c3D4e5F6g7H8",
    "anthropic": "sk-ant-api03-" + "a1B2c3D4" * 8,
    "openai": "sk-proj-" + "a1B2c3D4" * 4 + "T3BlbkFJ" + "a1B2c3D4" * 4,
    "google": "AIza" + "a1B2c3D" * 5,
    "key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
    "known": "the-password-of-the-orders",
}


def redact(*texts: str) -> list[str]:
    return list(redact_strings(texts, STRICT, KNOWN).strings)


@pytest.mark.req("AI1")
@pytest.mark.parametrize("kind", CREDENTIALS)
@pytest.mark.parametrize("around", ["{}", 'key = "{}"', "Bearer {}, then", "é{}é \ud83d", "a\n{}\nb"])
def test_a_credential_is_taken_out_and_what_stands_around_it_is_left(kind: str, around: str) -> None:
    name = "•••" if kind == "known" else "[SECRET_1]"
    assert redact(around.format(CREDENTIALS[kind])) == [around.format(name)]


@pytest.mark.req("AI1")
@pytest.mark.parametrize(
    "text",
    [
        "AKIA",
        "a risk-free task",
        "ghp_short",
        "sk-learn",
        "-----BEGIN PUBLIC KEY-----\nMIIB\n",
        "XAKIAQ3EGRIFKLT7ZVWXNX",
    ],
)
def test_what_only_looks_like_one_is_left(text: str) -> None:
    assert redact(text) == [text]


@pytest.mark.req("AI1")
def test_what_breaks_off_within_a_key_takes_nothing_of_the_strings_behind_it() -> None:
    begun = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA1c7+9z5Pad7OejecsQ0bu3aumqvUuY"
    assert redact("before", begun, "after") == ["before", "[SECRET_1]", "after"]


@pytest.mark.req("AI1")
def test_the_same_value_has_one_name_wherever_it_is_and_strings_are_apart() -> None:
    token, other = CREDENTIALS["github"], CREDENTIALS["gitlab"]
    seen = redact_strings([f"{token} {other}", "", other, token * 0, f"x {token}"], STRICT, KNOWN)
    assert list(seen.strings) == ["[SECRET_1] [SECRET_2]", "", "[SECRET_2]", "", "x [SECRET_1]"]
    assert seen.counts == {"secret": 4}
    assert [seen.names.restore(text) for text in seen.strings] == [f"{token} {other}", "", other, "", f"x {token}"]
    assert token not in repr(seen.names)


@pytest.mark.req("AI1")
@given(st.text(alphabet=st.characters()))
def test_any_text_can_be_looked_through_and_again_without_a_change(text: str) -> None:
    once = redact(text)
    assert redact(*once) == once
