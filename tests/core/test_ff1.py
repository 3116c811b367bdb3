"""FF1 against the sample vectors of NIST (SP 800-38G, "FF1 samples"), and what it must not do."""

import string

import pytest

from bailiwick.core import ff1
from bailiwick.core.keyed_masks import hashed, other_digits, pads

_AES_256 = "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94"
_WITH_TWEAK = "39383736353433323130"
_LETTERS = ("0123456789abcdefghi", "3737373770717273373737")
_KEY = bytes(range(32))


@pytest.mark.req("IN7")
@pytest.mark.parametrize(
    ("bits", "radix", "tweak", "plain", "shown"),
    [
        (128, 10, "", "0123456789", "2433477484"),
        (128, 10, _WITH_TWEAK, "0123456789", "6124200773"),
        (128, 36, _LETTERS[1], _LETTERS[0], "a9tv40mll9kdu509eum"),
        (192, 10, "", "0123456789", "2830668132"),
        (192, 10, _WITH_TWEAK, "0123456789", "2496655549"),
        (192, 36, _LETTERS[1], _LETTERS[0], "xbj3kv35jrawxv32ysr"),
        (256, 10, "", "0123456789", "6657667009"),
        (256, 10, _WITH_TWEAK, "0123456789", "1001623463"),
        (256, 36, _LETTERS[1], _LETTERS[0], "xs8a0azh2avyalyzuwd"),
    ],
)
def test_the_samples_of_the_standard_come_out(bits: int, radix: int, tweak: str, plain: str, shown: str) -> None:
    prf = ff1.aes(bytes.fromhex(_AES_256)[: bits // 8])
    assert ff1.encrypt(plain, bytes.fromhex(tweak), prf, radix) == shown


@pytest.mark.req("IN7")
def test_no_two_texts_come_to_the_same_and_all_keep_their_length() -> None:
    prf = ff1.hmac_sha256(_KEY, b"digits:")
    shown = {ff1.encrypt(f"{number:06}", b"", prf) for number in range(20_000)}
    assert len(shown) == 20_000
    assert {len(text) for text in shown} == {6}


@pytest.mark.req("IN7")
def test_a_phone_keeps_its_form_and_an_id_shows_none_of_its_letters() -> None:
    shown = other_digits("+49 (30) 901-820", _KEY)
    assert shown.translate(str.maketrans("", "", string.digits)) == "+ () -"
    assert len(shown) == len("+49 (30) 901-820")
    assert shown != "+49 (30) 901-820"
    other = other_digits("Ab-123456-C", _KEY)
    assert other[:3] == "Xx-"
    assert other[-2:] == "-X"
    # The same digits in another form are the same person's: they come to the same, with other letters to others.
    assert other_digits("123 456", _KEY).replace(" ", "") == other_digits("123-456", _KEY).replace("-", "")
    assert other_digits("Ab-123456-C", _KEY)[3:9] != other_digits("Ab-123456-D", _KEY)[3:9]


@pytest.mark.req("IN7")
@pytest.mark.parametrize(
    "text", ["12345", "", "call Bob", "٣٣٣٣٣٣٣٣", "123456\n", "1" * 37, "1234567" + " " * 100, "é123456"]
)
def test_what_has_too_few_digits_or_says_more_is_hidden(text: str) -> None:
    assert other_digits(text, _KEY) == "••••"


@pytest.mark.req("IN7")
def test_another_key_makes_another_hash_and_the_pads_are_no_key() -> None:
    assert hashed("ann@example.com", _KEY) == hashed("ann@example.com", _KEY)
    assert hashed("ann@example.com", _KEY) != hashed("ann@example.com", bytes(32))
    assert _KEY not in pads(_KEY)
