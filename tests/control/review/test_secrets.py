"""Secrets: every kind by its form, the corpus of lines, what dresses them up, and that no finding says them."""

import base64
import binascii
import bz2
import gzip
import hashlib
import html
import json
import lzma
import random
import re
import zlib
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bailiwick.control.review import Change, Severity, Surroundings
from bailiwick.control.review.engines import secrets
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.redaction.secrets.formats import Kind, kinds
from bailiwick.core.redaction_rules import OwnPattern, OwnRules, OwnWords
from tests.control.review.made import matching
from tests.control.review.secret_lines import found_in, lines

LEAST_KINDS = 150
LEAST_F1 = 0.97
# Made at random they are none: check digits, or what is in them, would not hold. They have tests of their own.
CHECKED = {
    "Bitcoin private key",
    "extended private key",
    "private key",
    "SSH2 private key",
    "JSON web token",
    "JSON web key",
    "Discord bot token",
    "password of a registry",
    "password hash",
    "password in a URL",
    "password in .netrc",
    "password in .pgpass",
    "npm registry token",
}
KEY = "ghp_" + "Kq7Zm2Xv9Lt4Rw8Yc1Nd6Pj3Hs0Gb5"


def checked(body: str) -> str:
    """Return a token with the checksum that belongs to it."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number, check = zlib.crc32(body[4:].encode()), ""
    while number:
        number, digit = divmod(number, 62)
        check = digits[digit] + check
    return body + check.rjust(6, "0")


TOKEN = checked(KEY[:34])


@pytest.mark.req("RV3")
def test_there_are_as_many_kinds_as_promised() -> None:
    assert len(kinds()) >= LEAST_KINDS


@pytest.mark.req("RV3")
@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.name) for kind in kinds() if kind.name not in CHECKED])
def test_a_kind_is_found_by_its_form(kind: Kind) -> None:
    source = random.Random(kind.name)
    texts = [matching(kind.pattern, source) for _ in range(6)]
    found = [found_in("settings.data", f"{text}\n") for text in texts]
    # One of them may happen to have no digit in it, or look like an example.
    assert sum(map(bool, found)) >= len(texts) - 1
    for text, findings in zip(texts, found, strict=True):
        secret = re.search(kind.pattern, text)
        assert secret is None or secret[secret.lastindex or 0] not in repr(findings)


@pytest.mark.req("RV3")
def test_lines_with_and_without_credentials_are_told_apart() -> None:
    bad, good = list(lines("credentials.txt")), list(lines("lookalikes.txt"))
    missed = [line for line in bad if not found_in(line.path, line.text + "\n")]
    false = [line for line in good if found_in(line.path, line.text + "\n")]
    right = len(bad) - len(missed)
    f1 = 2 * right / (2 * right + len(missed) + len(false))
    assert len(bad) + len(good) >= 300
    assert f1 >= LEAST_F1, f"F1 is {f1:.3f}; missed {missed}; false {false}"


@pytest.mark.req("RV3")
def test_a_checksum_tells_a_token_from_one_that_is_made_up() -> None:
    (real,) = found_in("a.txt", f"{TOKEN}\n")
    (made_up,) = found_in("a.txt", f"{TOKEN[:-1]}{'a' if TOKEN[-1] != 'a' else 'b'}\n")
    assert (real.severity, made_up.severity) == (Severity.CRITICAL, Severity.MEDIUM)


def base58(payload: bytes) -> str:
    raw = payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, text = int.from_bytes(raw), ""
    while number:
        number, digit = divmod(number, 58)
        text = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[digit] + text
    return text


@pytest.mark.req("RV3")
def test_a_bitcoin_key_is_known_by_its_check() -> None:
    key = base58(b"\x80" + random.Random(2).randbytes(32) + b"\x01")
    assert found_in("wallet.txt", key + "\n")
    assert not found_in("wallet.txt", key[:-1] + ("a" if key[-1] != "a" else "b") + "\n")


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def web_token(header: object, claims: object, signature: str = "Kq7Zm2Xv9Lt4Rw8Yc1Nd6Pj3Hs0Gb5Fe2Ua8") -> str:
    return f"{part(header)}.{part(claims)}.{signature}"


@pytest.mark.req("RV3")
@pytest.mark.parametrize(
    ("token", "found"),
    [
        (web_token({"alg": "HS256", "typ": "JWT"}, {"sub": "svc-desk", "scope": "admin"}), True),
        (web_token({"alg": "RS256", "kid": "1"}, {"iss": "https://id.corp.org", "sub": "17"}), True),
        (web_token({"alg": "none", "typ": "JWT"}, {"sub": "svc-desk", "scope": "admin"}), False),
        (web_token({"alg": "HS256", "typ": "JWT"}, {"sub": "1234567890", "name": "John Doe"}), False),
        (web_token({"nothing": "said here"}, {"sub": "svc-desk", "scope": "admin"}), False),
    ],
)
def test_a_token_is_looked_into(token: str, found: bool) -> None:
    assert bool(found_in("a.txt", f"{token}\n")) == found


@pytest.mark.req("RV3")
@pytest.mark.parametrize("bits", [1024, 2048, 4096])
def test_a_whole_key_of_any_length_is_found(bits: int) -> None:
    made = rsa.generate_private_key(65537, bits)
    for form in (PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8, PrivateFormat.OpenSSH):
        assert found_in("key.pem", made.private_bytes(Encoding.PEM, form, NoEncryption()))


@pytest.mark.req("RV3")
def test_a_private_key_needs_a_body() -> None:
    head, foot = "-----BEGIN " + "EC PRIVATE KEY-----", "-----END EC PRIVATE KEY-----"
    body = base64.b64encode(random.Random(3).randbytes(120)).decode()
    for text in (
        f"{head}\n{body}\n{foot}\n",
        f'"{head}\\n{body[:64]}\\n{body[64:]}\\n{foot}"',
        f"{head} {body} {foot}",
    ):
        assert found_in("a.pem", text)
    for text in (f"if '{head}' in text:\n", f"{head}\n...\n{foot}\n", f"{head}\n<your key here>\n{foot}\n"):
        assert not found_in("a.py", text)


def in_two_names(text: str) -> str:
    return (
        f'a = ["{text[:9]}", "{text[9:20]}", "{text[20:]}"]\nb = "".join(["{text[:9]}", "{text[9:20]}", "{text[20:]}"])'
    )


DISGUISES: dict[str, Callable[[str], str | bytes]] = {
    "base 64": lambda text: base64.b64encode(text.encode()),
    "base 64 of base 64": lambda text: base64.b64encode(base64.b64encode(text.encode())),
    "base 64 of gzip": lambda text: base64.b64encode(gzip.compress(text.encode())),
    "base 64 of deflate": lambda text: base64.b64encode(zlib.compress(text.encode())),
    "base 64 of bzip2": lambda text: base64.b64encode(bz2.compress(text.encode())),
    "base 64 of xz": lambda text: base64.b64encode(lzma.compress(text.encode())),
    "hexadecimal": lambda text: binascii.hexlify(text.encode()),
    "hexadecimal of base 64": lambda text: binascii.hexlify(base64.b64encode(text.encode())),
    "one escaped letter": lambda text: f'"{text[:8]}\\x{ord(text[8]):02x}{text[9:]}"',
    "one escape of JSON": lambda text: f'"{text[:8]}\\u00{ord(text[8]):02x}{text[9:]}"',
    "code points": lambda text: "".join(f"\\u{{{ord(sign):x}}}" for sign in text),
    "long code points": lambda text: "".join(f"\\U{ord(sign):08x}" for sign in text),
    "octal": lambda text: "".join(f"\\{ord(sign):03o}" for sign in text),
    "numbers of HTML": lambda text: "".join(f"&#{ord(sign)};" for sign in text),
    "hexadecimal numbers of HTML": lambda text: "".join(f"&#x{ord(sign):x};" for sign in text),
    "a list of decimals": lambda text: f"bytes([{', '.join(str(ord(sign)) for sign in text)}])",
    "calls of chr": lambda text: " + ".join(f"chr({ord(sign)})" for sign in text),
    "String.fromCharCode": lambda text: f"String.fromCharCode({','.join(str(ord(sign)) for sign in text)})",
    "read backwards": lambda text: f'key = "{text[::-1]}"[::-1]',
    "reversed": lambda text: f'key = "".join(reversed("{text[::-1]}"))',
    "split and reversed": lambda text: f"const key = '{text[::-1]}'.split('').reverse().join('');",
    "a joined list": lambda text: f'"".join(["{text[:9]}", "{text[9:20]}", "{text[20:]}"])',
    "a list, joined": lambda text: f"['{text[:9]}', '{text[9:20]}', '{text[20:]}'].join('')",
    "a sum": lambda text: f'key = "{text[:9]}" + "{text[9:]}"',
    "a sum of PHP": lambda text: f"$key = '{text[:9]}' . '{text[9:]}';",
    "a sum of SQL": lambda text: f"SELECT '{text[:9]}' || '{text[9:]}'",
    "a sum of Visual Basic": lambda text: f'key = "{text[:9]}" & "{text[9:]}"',
    "adjacent strings": lambda text: f'key = ("{text[:9]}"\n       "{text[9:]}")',
    "a continued line": lambda text: f"KEY={text[:9]}\\\n{text[9:]}",
    "URL escapes": lambda text: "".join(f"%{ord(sign):02x}" for sign in text),
    "UTF-16": lambda text: text.encode("utf-16"),
    "a cell of a notebook": lambda text: json.dumps({"cells": [{"source": [f'key = "{text}"\n'], "outputs": []}]}),
    "output of a notebook": lambda text: json.dumps({"cells": [{"source": [], "outputs": [{"text": [text]}]}]}),
    "a data URL": lambda text: b'<a href="data:text/plain;base64,' + base64.b64encode(f"key={text}".encode()) + b'">',
    "HTML": lambda text: f"<p>{html.escape(text)}</p>",
    "a comment": lambda text: f"x = 1  # {text}",
    "only carriage returns": lambda text: f"x = 1\ry = 2\rkey = '{text}'\r",
    "the end of a picture": lambda text: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) + text.encode(),
}


@pytest.mark.req("RV3")
@pytest.mark.parametrize("dress", [pytest.param(dress, id=name) for name, dress in DISGUISES.items()])
def test_a_token_is_found_in_any_disguise(dress: Callable[[str], str | bytes]) -> None:
    found = found_in("data.txt", dress(TOKEN))
    assert found
    assert all(finding.rule.id == "secret-in-code" for finding in found)
    assert TOKEN not in repr(found)


@pytest.mark.req("RV3")
def test_lines_end_with_a_carriage_return_alone_as_well() -> None:
    (found,) = found_in("a.py", f"x = 1\ry = 2\r\nkey = '{TOKEN}'\r")
    assert found.line == 3


@pytest.mark.req("RV3")
def test_each_line_with_the_same_token_is_named() -> None:
    assert [found.line for found in found_in("a.py", f"a = '{TOKEN}'\n\nb = '{TOKEN}'\n")] == [1, 3]


@pytest.mark.req("RV3")
def test_a_token_in_the_name_of_a_file_is_found() -> None:
    change = Change("0" * 40, (), (TreeFile(f"notes/{TOKEN}.txt", b"nothing\n"),))
    entries = Change("0" * 40, (), (), ())
    assert list(secrets.check(entries, Surroundings())) == []
    assert list(secrets.check(change, Surroundings()))


def test_values_of_the_organisations_own_are_told_by_their_line_and_never_shown() -> None:
    own = OwnRules(
        patterns=(OwnPattern(name="customer-number", pattern=r"KD-\d{6}"),),
        dictionaries=(OwnWords(name="customer", words=("Müller & Söhne",)),),
    )
    text = "seed = 'KD-123456'\n# as for Müller & Söhne, KD-654321\nnothing = 1\n"
    change = Change("0" * 40, (), (TreeFile("app/seed.py", text.encode()),))
    found = list(secrets.check(change, Surroundings(own=own)))
    told = [(item.rule.id, item.line, item.severity) for item in found]
    assert sorted(told) == [("own-value-in-code", line, Severity.MEDIUM) for line in (1, 2, 2)]
    assert not any(value in str(item) for item in found for value in ("KD-123456", "KD-654321", "Söhne"))
    assert list(secrets.check(change, Surroundings())) == []
