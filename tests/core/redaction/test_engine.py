"""Redaction of a whole text: secrets and personal data together, one value always in one way, nothing else moved."""

import json
import random
import string
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.core.redaction import Redaction, sieve
from bailiwick.core.redaction.gates import GatedSieve
from bailiwick.core.redaction.secrets import assignments, formats
from bailiwick.core.redaction.sieve import (
    NearSieve,
    Sieve,
    best,
    by_letters,
    by_set,
    places_by_hyperscan,
    places_by_re2,
)
from tests.control.review.secret_lines import lines

pytestmark = pytest.mark.req("AI1")
ALL = Redaction("all")
# Put together here, so that no scanner takes it for a real one.
KEY = "ghp_" + "a1B2c3" * 6
PEM = (
    rsa.generate_private_key(65537, 2048)
    .private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    .decode()
    .rstrip()
)


def test_one_value_has_one_name_and_what_stands_around_is_left() -> None:
    text = f"é {KEY} to ann@example.com, bob@example.com; ann@example.com with {KEY}\n"
    assert ALL.redact(text) == "é [SECRET_1] to [EMAIL_1], [EMAIL_2]; [EMAIL_1] with [SECRET_1]\n"


def test_places_are_in_characters_whatever_stands_before() -> None:
    text = f"ünïcödé 漢字 🙂 {KEY} 🙂 ann@example.com"
    assert [text[span.start : span.end] for span in ALL.spans(text)] == [KEY, "ann@example.com"]


def test_profiles_find_their_own() -> None:
    text = f"{KEY} ann@example.com"
    assert Redaction("secrets").redact(text) == "[SECRET_1] ann@example.com"
    assert Redaction("personal").redact(text) == f"{KEY} [EMAIL_1]"


def test_a_private_key_goes_whole_and_one_that_is_cut_off_to_the_end() -> None:
    assert ALL.redact(f"a\n{PEM}\nb") == "a\n[SECRET_1]\nb"
    assert ALL.redact(f"a\n{PEM[:150]}") == "a\n[SECRET_1]"


@pytest.mark.parametrize(
    "text",
    [
        'password = "hu8nter2horse"',
        "export DB_PASSWORD=xK9v2LqPz1mW4t",
        "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3NzEifQ.q1w2e3r4t5y6u7i8o9p0aa",
        "the password is Xk9v2!LqPz",
        "curl -u admin:Xk9v2LqPz1mW https://x.example",
    ],
    ids=["code", "shell", "header", "prose", "command"],
)
def test_secrets_are_known_by_what_they_are_called(text: str) -> None:
    [span] = Redaction("secrets").spans(text)
    assert span.kind == "secret" and text[span.start : span.end][-4:].strip('"') in text


@pytest.mark.parametrize(
    "text",
    [
        "password = os.environ['PASSWORD']",
        "token: string;",
        "the secret to good tea is time",
        "key = 'name'",
        "api_key=${API_KEY}",
    ],
)
def test_a_secret_that_is_only_spoken_of_is_left(text: str) -> None:
    assert Redaction("secrets").redact(text) == text


@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_text_can_be_looked_through_and_again_without_a_change(text: str) -> None:
    once = ALL.redact(text)
    assert ALL.redact(once) == once


def test_every_format_is_found_with_hyperscan_as_without() -> None:
    patterns = [kind.pattern for kind in formats.kinds()]
    sieves = [Sieve(patterns, way) for way in (best, by_letters, by_set)]
    for line in lines("credentials.txt"):
        text = line.text.encode()
        found = [[(index, match.span()) for index, match in sieve.matches(text)] for sieve in sieves]
        assert found[0] == found[1] == found[2], line.text[:60]


def test_hints_lead_to_the_same_parts_with_hyperscan_as_without() -> None:
    hints = (r"key[=:]", r"\d{2}-\d{2}")
    noise = random.Random(7)
    text = "".join(noise.choices(string.printable, k=20_000)).encode() + b" key=1 key: 12-12 "
    groups = [hints, hints[1:]]
    for ours, others in zip(places_by_re2(groups)(text), places_by_hyperscan(groups)(text), strict=True):
        assert ours and set(ours) <= set(others)
    sieve = NearSieve([r"key=(\d)"], hints, 10, 10)
    assert [match[1] for _, match, _ in sieve.matches(text)][-1:] == [b"1"]


def test_what_stands_under_a_name_is_found_with_hyperscan_as_without(monkeypatch: pytest.MonkeyPatch) -> None:
    gated = assignments._sieve()
    monkeypatch.setattr(sieve, "hyperscan", None)
    plain = GatedSieve(gated._gated)
    wanted = range(len(gated._gated))
    for line in lines("credentials.txt"):
        text = f"first: line\n{line.text}\n\nlast = line".encode()
        ours, others = (
            sorted((index, match.span(0)) for index, match in way.matches(text, wanted)) for way in (gated, plain)
        )
        assert ours == others, line.text[:80]


def test_a_text_full_of_numbers_and_names_is_looked_through_all_the_same() -> None:
    noise = random.Random(3)
    numbers = " ".join(f"{noise.randrange(10**8)}" for _ in range(8000))
    text = (
        f"{numbers} card 4111 1111 1111 1111, password: Kd82!ls9QxZ {numbers} password: x " + "token = token\n" * 4000
    )
    found = {kind for _, _, kind in ALL.values(text)}
    assert {"card", "secret"} <= found


@pytest.mark.parametrize(
    ("pattern", "letters"),
    [
        (r"\b(glpat-[a-z]{20})", b"glpat-"), (r"\b(gl(?:a|b)-[a-z]+)", b"gl"),
        (r"\b(SG\.[a-z]{22})(?:[^a-z]|$)", b"SG."),
        (r"\b(hf_[a-z]{34}|api_org_[a-z]{34})\b", b""), (r"\b(da2-?[a-z]+)", b"da2"), (r"(?i)\b(abc)", b""),
        (r"\ba|b", b""),
    ],
)  # fmt: skip
def test_what_every_match_begins_with_is_known_where_it_is_plain(pattern: str, letters: bytes) -> None:
    assert sieve.beginning_of(pattern) == letters


def test_the_command_line_says_where_and_prints_the_rest() -> None:
    def run(*options: str, text: bytes) -> subprocess.CompletedProcess[bytes]:
        command = [Path(sys.executable).with_name("bailiwick"), "redact", *options]
        return subprocess.run(command, input=text, capture_output=True, check=False)

    text = f"zoë@example.com and {KEY}"
    assert run(text=text.encode()).stdout == b"[EMAIL_1] and [SECRET_1]"
    told = json.loads(run("--format", "json", "--profile", "personal", text=text.encode()).stdout)
    assert told == {"spans": [{"start": 0, "end": 15, "kind": "email", "replacement": "[EMAIL_1]"}]}
    broken = run(text=b"ok \xff")
    assert (broken.returncode, broken.stdout) == (1, b"") and b"no UTF-8 at byte 3" in broken.stderr


@pytest.mark.parametrize("length", [150, 450, 950, 1700, 40_000])
@pytest.mark.parametrize(
    "written",
    [
        '{"api_secret": "«value»"}', 'api_secret = "«value»"\nx = 1', "API_SECRET=«value»\nNEXT=1",
        "Authorization: Bearer «value»\r\nHost: x", "--token «value» next", "https://x/?access_token=«value» is it",
        "password: «value»", "<token>«value»</token>", "'x-api-key: «value»'", "the token is «value» ok",
        "headers={'Authorization': 'Bearer «value»'}",
    ],
)  # fmt: skip
def test_nothing_is_left_of_a_credential_however_long_it_is(written: str, length: int) -> None:
    value = "".join(random.Random(length).choices(string.ascii_letters + string.digits, k=length))
    around = written.split("«value»")
    told = Redaction("secrets").redact(f"words before {written.replace('«value»', value)} words after")
    assert not any(value[place : place + 12] in told for place in range(0, length - 12, 12))
    assert told.startswith(f"words before {around[0]}")
    assert told.endswith(f"{around[1]} words after")
