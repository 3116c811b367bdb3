"""How people are reached, and from where they come: e-mail addresses, phone numbers, addresses of the internet."""

import ipaddress
import re

_FILES = frozenset(
    b"png jpg jpeg gif svg webp ico css js mjs ts tsx jsx map html htm json xml yaml yml toml lock".split()
)
EMAIL = (
    r"([0-9A-Za-z._%+\x80-\xff-]{1,64}(?:@|%40|\\u0040)"
    r"[0-9A-Za-z\x80-\xff-]{1,63}(?:\.[0-9A-Za-z\x80-\xff-]{1,63}){0,8}\.[A-Za-z\x80-\xff]{2,24})"
)
# Country codes of phone numbers (ITU-T E.164), by how many digits they have.
_COUNTRIES = frozenset("1 7".split()) | frozenset(
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90"
    " 91 92 93 94 95 98".split()
)
_FEWEST_DIGITS, _MOST_DIGITS = 7, 15
_BETWEEN = r"[ .\-/\xa0]{0,2}"
_EXTENSION = r"(?:[ ,]{0,2}(?:x|ext\.?|extension)[ .]?\d{1,6})?"
_INTERNATIONAL = rf"(?:^|[^\w+])((?:\+|\b00)[1-9]\d{{0,2}}(?:{_BETWEEN}\(?\d{{1,5}}\)?){{2,6}}{_EXTENSION})\b"
_AMERICAN = rf"(?:^|[^\w.+-])((?:1[ .-])?(?:\(\d{{3}}\)[ .-]?|\d{{3}}[ .-])\d{{3}}[ .-]\d{{4}}{_EXTENSION})(?:[^\w-]|$)"
_FRENCH = r"(?:^|[^\w.])(0[1-9](?:[ .-]\d{2}){4})(?:[^\w.-]|\.\s|\.?$)"
_BRITISH = r"(?:^|[^\w.])(\(?0\d{2,4}\)?[ ]\d{3,4}[ ]\d{3,4})(?:[^\w.-]|$)"
_CALLED = (
    r"(?i)\b(?:tele?phone?s?|phone|tel|mobile|mobil|cell|cellphone|fax|call|whatsapp|sms|telefon|handy|t(?:e|\xc3\xa9)l(?:e|\xc3\xa9)phone"
    r"|portable|tel(?:e|\xc3\xa9)fono|m(?:o|\xc3\xb3)vil|celular|telefono|cellulare|telefoon|telem(?:o|\xc3\xb3)vel|contact)"
    r"(?:[ _-]?(?:no|nr|num|number|nummer))?\b[^\w+(]{0,6}(?:is |at |me at |us at |on )?[^\w+(]{0,3}"
    rf"(\+?\(?\d(?:[ .\-/()]{{0,2}}\d){{6,14}}{_EXTENSION})\b"
)
IPV4 = r"(?:^|[^\w.])(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})(?:[^\w.-]|\.\s|\.?$)"
IPV6 = r"(?:^|[^\w:.])((?:[0-9A-Fa-f]{1,4}:{1,2}){2,7}[0-9A-Fa-f]{0,4})(?:[^\w:]|$)"
MAC = r"(?:^|[^\w:-])((?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2})(?:[^\w:-]|$)"
# What every number, every address of mail and every one of a machine has in it.
_CLOSE = r"[ .\-/()\xa0\xc2]{0,4}"
NUMBER_HINTS = (rf"\d(?:{_CLOSE}\d){{5}}", r"\d{2}[A-Za-z]\d{2}[A-Za-z]\d{3}[A-Za-z]", r"[A-Z]{5}\d{4}[A-Z]")
_OF_MAIL = r"[0-9A-Za-z\x80-\xff-]"
EMAIL_HINTS = tuple(rf"[0-9A-Za-z._%+\x80-\xff-]{at}{_OF_MAIL}" for at in ("@", "%40", r"\\u0040"))
IPV4_HINTS = (r"\d\.\d{1,3}\.\d{1,3}\.\d",)
MACHINE_HINTS = (r"[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]", r"[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-")
# Groups of IPv6 that are no name of code: `Dead::Beef` is one of these, and no address.
_LEAST_GROUPS = 3
_VERSIONED = re.compile(rb"(?:version|ver\.?|\bv|release|build|assembly|chapter|section)\W{0,3}$", re.IGNORECASE)
_DIGITS = re.compile(rb"\d")

PHONES = (_INTERNATIONAL, _AMERICAN, _FRENCH, _BRITISH, _CALLED)


def is_email(value: bytes, _: bytes) -> bool:
    """Whether it is a person's or a mailbox's address, not a file's name for a sharp screen nor a remote of git."""
    return value.rpartition(b".")[2].lower() not in _FILES and not value.startswith(b"git@")


def is_phone(value: bytes, before: bytes) -> bool:
    """Whether so many digits make a number that can be called."""
    plain = re.split(rb"(?i)x|ext", value)[0]
    digits = b"".join(_DIGITS.findall(plain)).decode()
    if not _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS or len(set(digits)) == 1:
        return False
    if not plain.lstrip().startswith((b"+", b"00")):
        return not _VERSIONED.search(before)
    code = digits.removeprefix("00") if plain.lstrip().startswith(b"00") else digits
    return code[:1] in _COUNTRIES or code[:2] in _COUNTRIES or code[:3] >= "210"


def is_ipv4(value: bytes, before: bytes) -> bool:
    """Whether it is the address of a machine somewhere, rather than this one, a mask, or a version."""
    try:
        address = ipaddress.IPv4Address(value.decode())
    except ValueError:
        return False
    nobody = address.is_loopback or address.is_unspecified or value.startswith((b"0.", b"255."))
    return not nobody and not _VERSIONED.search(before)


def is_ipv6(value: bytes, _: bytes) -> bool:
    """Whether it is the address of a machine somewhere."""
    try:
        address = ipaddress.IPv6Address(value.decode())
    except ValueError:
        return False
    groups = [group for group in value.split(b":") if group]
    return not address.is_loopback and len(groups) >= _LEAST_GROUPS and bool(_DIGITS.search(value))


def is_mac(value: bytes, _: bytes) -> bool:
    """Whether it is the address of one network card."""
    return len(set(value.lower()) - set(b":-")) > 1
