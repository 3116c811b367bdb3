"""A text as it looks: letters that pass for others written as those, and without what nobody sees between them."""

import re
from unicodedata import normalize

import re2

_WIDE = {0xFF01 + number: 0x21 + number for number in range(0x5E)}
_LETTERS = dict(zip(
    "АВЕЅІЈКМНОРСТХУаеоѕіјрсухһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧοανρ",
    "ABESIJKMHOPCTXYaeosijpcyxhdqwABEZHIKMNOPTYXoavp",
    strict=True,
))  # fmt: skip
# Letters for mathematics, of which each stands for a plain one (Unicode, Mathematical Alphanumeric Symbols).
_MATHEMATICAL = {code: plain for code in range(0x1D400, 0x1D800) if len(plain := normalize("NFKC", chr(code))) == 1}
# Digits of other scripts: Arabic, Persian, Devanagari, Bengali, Thai.
_DIGITS = {zero + digit: str(digit) for zero in (0x660, 0x6F0, 0x966, 0x9E6, 0xE50) for digit in range(10)}
# Between digits of one number: spaces that are none of ASCII, and dashes.
_BLANKS, _DASHES = "\u00a0\u2000-\u200a\u202f\u205f\u3000", "\u2010-\u2015\u2212\ufe58\ufe63"
_BETWEEN = {0xA0: " ", **dict.fromkeys([*range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], " ")} | dict.fromkeys(
    [*range(0x2010, 0x2016), 0x2212, 0xFE58, 0xFE63], "-"
)
_TABLE: dict[int, int | str] = {
    **_WIDE,
    **{ord(sign): letter for sign, letter in _LETTERS.items()},
    **_MATHEMATICAL,
    **_DIGITS,
    **_BETWEEN,
}
_UNSEEN = "\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f"
# Only where they stand within a word of Latin letters: Russian and Greek are written with them alone.
_MIXED = "".join(_LETTERS)
_OTHER_DIGITS = "\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef\u0e50-\u0e59"
_ODD = re2.compile(
    f"[A-Za-z0-9_-][{_UNSEEN}{_MIXED}\uff01-\uff5e]|[{_UNSEEN}{_MIXED}\uff01-\uff5e][A-Za-z0-9_-]|[\uff01-\uff5e]{{4}}"
    f"|[\U0001d400-\U0001d7ff]{{4}}|(?:[{_OTHER_DIGITS}][ -]?){{8}}"
    f"|(?:[0-9A-Z]{{2,}}[{_BLANKS}{_DASHES}]){{2}}[0-9]{{2}}"
)
# How any of them begins in UTF-8: most texts have other signs only, such as umlauts.
_ASCII = bytes(range(128))
_SUSPECT = re.compile(
    rb"\xc2\xad|\xcd\x8f|[\xce-\xd1\xd4\xd9\xdb]|\xe0(?:\xa5|\xa7|\xb9)|\xe1\xa0\x8e|\xe2(?:\x80[\x8b-\x8f\xaa-\xae]|\x81)"
    rb"|\xef|\xf0\x9d|\xf3\xa0"
)
# Dashes and wide spaces are in most prose, and count between the groups of a number only.
_MAY_BE_BETWEEN = re.compile(rb"\xc2\xa0|\xe2(?:\x80|\x88\x92)|\xe3\x80\x80")
_IN_NUMBER = re2.compile(f"[{_BLANKS}{_DASHES}][0-9A-Z]{{2,20}}[{_BLANKS}{_DASHES}][0-9]{{2}}")
_GONE = re.compile(rf"[{_UNSEEN}]")


def has_odd_signs(written: bytes) -> bool:
    """Return whether a text in UTF-8 may have letters that pass for others, or signs that nobody sees."""
    if written.isascii():
        return False
    others = written.translate(None, _ASCII)
    if _SUSPECT.search(others) is not None:
        return True
    return _MAY_BE_BETWEEN.search(others) is not None and _IN_NUMBER.search(written) is not None


def as_it_looks(text: str, written: bytes) -> tuple[str, list[int]] | None:
    """Return a text as it looks, and where each of its characters was, with the end; None where it looks as it is.
    `written` is the text in UTF-8.
    """
    if not has_odd_signs(written) or _ODD.search(written) is None:
        return None
    places = [place for place, sign in enumerate(text) if not _GONE.match(sign)]
    return "".join(text[place] for place in places).translate(_TABLE), [*places, len(text)]
