"""A text in pieces: what must not be seen is masked however it was cut, and what is held back is bounded."""

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.core.masking import MASK, Masker
from bailiwick.core.redaction import AnswerSearch, Placeholders, Redaction, Seen, TextStream, redact_strings
from tests.core.redaction.corpus import corpus
from tests.core.redaction.test_engine import KEY, PEM

pytestmark = pytest.mark.req("AI1", "SE1")
HELD = "correct horse battery staple"
MASKER = Masker([HELD])
SECRETS, ALL = Redaction("secrets", strict=True), Redaction("all", strict=True)
MAIL, IBAN = "ada@analytical.example.org", "DE89 3704 0044 0532 0130 00"


def stream(redaction: Redaction = ALL, sent: str = "", names: Placeholders | None = None) -> TextStream:
    return TextStream(AnswerSearch(redaction, MASKER, [sent], names or Placeholders()))


def cut(text: str, sizes: list[int]) -> list[str]:
    pieces, place = [], 0
    while place < len(text):
        pieces.append(text[place : place + sizes[len(pieces) % len(sizes)]])
        place += len(pieces[-1])
    return pieces


def passed(made: TextStream, pieces: list[str]) -> str:
    return "".join(map(made.feed, pieces)) + made.rest()


@given(
    st.lists(
        st.sampled_from([KEY, MAIL, IBAN, HELD, "the order was sent", "so, ", "\n\n", "- 12 of them"]), max_size=6
    ),
    st.lists(st.integers(1, 30), min_size=1, max_size=6),
)
def test_nothing_that_is_looked_for_goes_on_however_it_is_cut(parts: list[str], sizes: list[int]) -> None:
    out = passed(stream(), cut(" ".join(parts), sizes))
    assert not [value for value in (KEY, MAIL, IBAN, HELD) if value in out or value[: len(value) // 2] in out]
    assert out.count("[SECRET]") == parts.count(KEY) and out.count("[EMAIL]") == parts.count(MAIL)
    assert out.count(MASK) == parts.count(HELD) and out.count("[IBAN]") == parts.count(IBAN)
    assert out.count("the order was sent") == parts.count("the order was sent")


@given(st.lists(st.integers(1, 200), min_size=1, max_size=6))
def test_a_private_key_is_masked_as_it_comes_and_what_follows_it_goes_on(sizes: list[int]) -> None:
    for text in (PEM, PEM.replace("\n", "\\n")):
        assert passed(stream(SECRETS), cut(f'a "{text}" and so on', sizes)) == 'a "[SECRET]" and so on'
    assert passed(stream(SECRETS), cut(f"a {PEM[:-200]}", sizes)) == "a [SECRET]"


def test_a_value_longer_than_what_is_held_is_masked_and_swallowed() -> None:
    noise = random.Random(3)
    long = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3NzEifQ." + "".join(noise.choices(string.ascii_letters, k=3000))
    made = stream(SECRETS)
    out = [made.feed(piece) for piece in cut(f"it is {long}, and", [40])]
    assert "".join(out) + made.rest() == "it is [SECRET], and"
    assert any("[SECRET]" in piece for piece in out[:20])


@pytest.mark.parametrize("redaction", [SECRETS, ALL], ids=["secrets", "all"])
def test_what_is_held_back_is_bounded_whatever_comes(redaction: Redaction) -> None:
    noise = random.Random(5)
    for alphabet in ("Aa", string.ascii_letters + string.digits, "1 ", "A. ", "["):
        made, ahead = stream(redaction), 0
        for _ in range(300):
            piece = "".join(noise.choices(alphabet, k=7))
            ahead += len(piece) - len(made.feed(piece))
            assert ahead <= 600 or "[" in piece


def test_prose_without_capitals_is_held_for_a_word_only() -> None:
    made = stream()
    assert [made.feed(word) for word in ("so ", "your ", "order ", "was se", "nt ")] == [
        "so ", "your ", "order ", "was ", "sent ",
    ]  # fmt: skip


def test_a_sentence_is_not_held_for_its_capital() -> None:
    made = stream()
    assert [made.feed(word) for word in ("So ", "the ", "total ", "is ")] == ["", "So the ", "total ", "is "]


def test_nothing_of_the_corpus_goes_on_in_small_pieces() -> None:
    noise, leaked = random.Random(1), list[str]()
    for item in list(corpus())[::4]:
        shown = passed(stream(), cut(item.text, noise.choices(range(1, 7), k=40)))
        leaked += [item.text[start:end] for start, end, _ in ALL.values(item.text) if item.text[start:end] in shown]
    assert leaked == []


def test_writing_without_spaces_is_not_held() -> None:
    for redaction in (SECRETS, ALL):
        made = stream(redaction)
        assert made.feed("注文は昨日発送されました") + made.feed("。次は") == "注文は昨日発送されました。次は"
        assert passed(made, cut(f"鍵は{KEY}です", [3])) == "鍵は[SECRET]です"


def test_what_the_caller_sent_is_theirs_and_what_stands_for_it_comes_back() -> None:
    names = Placeholders()
    name = names.of("email", MAIL)
    made = stream(ALL, f"ask bob@example.org about {name}", names)
    out = passed(made, cut(f"Write to {name}, bob@example.org and eve@example.org.", [4]))
    assert out == f"Write to {MAIL}, bob@example.org and [EMAIL]."


def test_counts_are_by_kind() -> None:
    search = AnswerSearch(ALL, MASKER, [], Placeholders())
    passed(TextStream(search), [f"{KEY} {HELD} {MAIL} {MAIL}"])
    assert search.counts == {"secret": 1, "known-secret": 1, "email": 2}


def test_what_was_seen_is_not_looked_at_again_until_something_else_is_known() -> None:
    long = "So much was said of it, and then even more of it was. " * 9
    looked: list[str] = []

    class Counted(Redaction):
        def values(self, text: str) -> list[tuple[int, int, str]]:
            looked.append(text)
            return super().values(text)

    redaction, seen = Counted("secrets"), Seen()
    strings = ["user", f"{long}{KEY}", f"{long}the-new-password", "short"]
    first = redact_strings(strings, redaction, Masker(), seen)
    again = redact_strings(strings, redaction, MASKER, seen)
    assert first.strings == again.strings == ["user", f"{long}[SECRET_1]", f"{long}the-new-password", "short"]
    before = len(looked)
    assert redact_strings(strings, redaction, MASKER, seen).strings == first.strings
    assert [text for text in looked[before:] if long in text] == []
    last = redact_strings(strings, redaction, Masker(["the-new-password"]), seen)
    assert last.strings[2] == f"{long}{MASK}" and last.counts["known-secret"] == 1
