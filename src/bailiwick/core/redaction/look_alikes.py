"""A text as it looks: letters that pass for others written as those, and without what nobody sees between them."""

import re

import re2

_WIDE = {0xFF01 + number: 0x21 + number for number in range(0x5E)}
_LETTERS = dict(zip(
    "АВЕЅІЈКМНОРСТХУаеоѕіјрсухһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧοανρ",
    "ABESIJKMHOPCTXYaeosijpcyxhdqwABEZHIKMNOPTYXoavp",
    strict=True,
))  # fmt: skip
_TABLE: dict[int, int | str] = {**_WIDE, **{ord(sign): letter for sign, letter in _LETTERS.items()}}
_UNSEEN = "\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f"
# Only where they stand within a word of Latin letters: Russian and Greek are written with them alone.
_MIXED = "".join(_LETTERS)
_ODD = re2.compile(f"[A-Za-z0-9_-][{_UNSEEN}{_MIXED}]|[{_UNSEEN}{_MIXED}][A-Za-z0-9_-]|[\uff01-\uff5e]{{4}}")
# How any of them begins in UTF-8: most texts have other signs only, such as dashes and umlauts.
_ASCII = bytes(range(128))
_SUSPECT = re.compile(
    rb"\xc2\xad|\xcd\x8f|[\xce-\xd1\xd4]|\xe1\xa0\x8e|\xe2(?:\x80[\x8b-\x8f\xaa-\xae]|\x81)|\xef|\xf3\xa0"
)
_GONE = re.compile(rf"[{_UNSEEN}]")


def has_odd_signs(written: bytes) -> bool:
    """Return whether a text in UTF-8 may have letters that pass for others, or signs that nobody sees."""
    return not written.isascii() and _SUSPECT.search(written.translate(None, _ASCII)) is not None


def as_it_looks(text: str, written: bytes) -> tuple[str, list[int]] | None:
    """Return a text as it looks, and where each of its characters was, with the end; None where it looks as it is.
    `written` is the text in UTF-8.
    """
    if not has_odd_signs(written) or _ODD.search(written) is None:
        return None
    places = [place for place, sign in enumerate(text) if not _GONE.match(sign)]
    return "".join(text[place] for place in places).translate(_TABLE), [*places, len(text)]
