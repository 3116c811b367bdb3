"""Numbers that countries give to people: found by how they are written, and by their check digits.

Those that are nothing but digits, and that many other numbers pass for, count beside the name of what they are only.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from bailiwick.core.redaction.personal import check_digits
from bailiwick.core.redaction.personal.check_digits import is_day, is_short_date, luhn, mod_11_10, verhoeff, weighted


@dataclass(frozen=True)
class Identity:
    """A number of one country: its pattern, whose group 1 is the number, what must hold, and what it is called.

    `check` gets the number without what is between its parts, in upper case. With a `name` (a pattern) it counts after
    that only.
    """

    country: str
    pattern: str
    check: Callable[[str], bool]
    name: str = ""


_SPANISH, _FINNISH = "TRWAGMYFPDXBNJZSQVHLCKE", "0123456789ABCDEFHJKLMNPRSTUVWXY"
_NO_NINO = frozenset({"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"})
_CHINESE = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _us(number: str) -> bool:
    area, group, serial = number[:3], number[3:5], number[5:]
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


def _uk(number: str) -> bool:
    return number[:2] not in _NO_NINO


def _nhs(number: str) -> bool:
    check = 11 - weighted(number, range(10, 1, -1)) % 11
    return check % 11 == int(number[9]) and check != 10  # noqa: PLR2004 - such numbers are not given out


def _german_tax(number: str) -> bool:
    return number[0] != "0" and len(set(number[:10])) in {8, 9} and mod_11_10(number)


def _german_insurance(number: str) -> bool:
    digits = f"{number[:8]}{ord(number[8]) - 64:02d}{number[9:]}"
    products = [
        int(digit) * weight for digit, weight in zip(digits, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=False)
    ]
    check = sum(product // 10 + product % 10 for product in products) % 10
    return check == int(number[11]) and is_short_date(number[2:8], "dmy")


def _french(number: str) -> bool:
    plain = number[:13].replace("2A", "19").replace("2B", "18")
    return plain.isdigit() and 97 - int(plain) % 97 == int(number[13:])


def _spanish(number: str) -> bool:
    plain = number[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return _SPANISH[int(plain) % 23] == number[-1]


def _dutch(number: str) -> bool:
    return weighted(number, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0 and len(set(number)) > 1


def _belgian(number: str) -> bool:
    rest = int(number[9:])
    return any(97 - int(f"{century}{number[:9]}") % 97 == rest for century in ("", "2"))


def _polish(number: str) -> bool:
    month = int(number[2:4]) % 20
    check = -weighted(number, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10
    return check == int(number[10]) and is_short_date(f"{number[:2]}{month:02d}{number[4:6]}")


def _swedish(number: str) -> bool:
    short = number[-10:]
    day = int(short[4:6])
    # A number for coordination has the day and 60.
    return luhn(short) and is_short_date(f"{short[:4]}{day - 60 if day > 60 else day:02d}")  # noqa: PLR2004


def _finnish(number: str) -> bool:
    return _FINNISH[int(number[:6] + number[7:10]) % 31] == number[10] and is_short_date(number[:6], "dmy")


def _danish(number: str) -> bool:
    return is_short_date(number[:6], "dmy")


def _norwegian(number: str) -> bool:
    first = -weighted(number, (3, 7, 6, 1, 8, 9, 4, 5, 2)) % 11
    second = -weighted(number, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return (first, second) == (int(number[9]), int(number[10])) and is_short_date(number[:6], "dmy")


def _swiss(number: str) -> bool:
    return -weighted(number, (1, 3) * 6) % 10 == int(number[12])


def _austrian(number: str) -> bool:
    return weighted(number[:3] + number[4:], (3, 7, 9, 5, 8, 4, 2, 1, 6)) % 11 == int(number[3])


def _portuguese(number: str) -> bool:
    check = 11 - weighted(number, range(9, 1, -1)) % 11
    return (0 if check >= 10 else check) == int(number[8])  # noqa: PLR2004


def _irish(number: str) -> bool:
    second = ord(number[8]) - 64 if len(number) > 8 and number[8] != "W" else 0  # noqa: PLR2004 - where it stands
    return chr(64 + (weighted(number, range(8, 1, -1)) + 9 * second) % 23).replace("@", "W") == number[7]


def _brazilian(number: str) -> bool:
    first = weighted(number, range(10, 1, -1)) * 10 % 11 % 10
    second = weighted(number, range(11, 1, -1)) * 10 % 11 % 10
    return (first, second) == (int(number[9]), int(number[10])) and len(set(number)) > 1


def _aadhaar(number: str) -> bool:
    return number[0] not in "01" and verhoeff(number)


def _canadian(number: str) -> bool:
    return number[0] not in "08" and luhn(number)


def _australian(number: str) -> bool:
    return weighted(number, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0 and len(set(number)) > 1


def _south_african(number: str) -> bool:
    return luhn(number) and number[10] in "012" and number[11] in "89" and is_short_date(number[:6])


def _chinese(number: str) -> bool:
    check = "10X98765432"[weighted(number, _CHINESE) % 11]
    return check == number[17] and is_day(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def _turkish(number: str) -> bool:
    tenth = (7 * weighted(number, (1, 0) * 5) - weighted(number, (0, 1) * 4)) % 10
    return number[0] != "0" and (tenth, weighted(number, (1,) * 10) % 10) == (int(number[9]), int(number[10]))


def _korean(number: str) -> bool:
    return is_short_date(number[:6]) and number[6] in "12345678"


def _mexican(number: str) -> bool:
    return is_short_date(number[4:10])


def _any(_: str) -> bool:
    return True


IDENTITIES: tuple[Identity, ...] = (
    Identity("us", r"\b(\d{3}-\d{2}-\d{4})\b", _us),
    Identity("us", r"\b(\d{3}[ .]?\d{2}[ .]?\d{4})\b", _us, r"ssn|social[ -]security"),
    Identity("gb", r"\b([A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D])\b", _uk),
    Identity("gb", r"\b(\d{3}[ -]?\d{3}[ -]?\d{4})\b", _nhs, r"\bnhs\b"),
    Identity("de", r"\b(\d{2}[ ]\d{3}[ ]\d{3}[ ]\d{3})\b", _german_tax),
    Identity("de", r"\b(\d{11})\b", _german_tax, r"steuer|\bidnr|\btin\b|\btax\b"),
    Identity("de", r"\b(\d{2}[ ]?\d{6}[ ]?[A-Z][ ]?\d{3})\b", _german_insurance),
    Identity("fr", r"\b([12][ ]?\d{2}[ ]?\d{2}[ ]?(?:\d{2}|2[AB])[ ]?\d{3}[ ]?\d{3}[ ]?\d{2})\b", _french),
    Identity("es", r"\b((?:\d{8}|[XYZ]-?\d{7})-?[A-HJ-NP-TV-Z])\b", _spanish),
    Identity("it", r"\b((?i:[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]))\b", check_digits.italian),
    Identity("nl", r"\b(\d{4}\.?\d{2}\.?\d{3})\b", _dutch, r"\bbsn\b|burgerservice|sofi"),
    Identity("be", r"\b(\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2})\b", _belgian),
    Identity("be", r"\b(\d{6}[ -]?\d{3}[ -]?\d{2})\b", _belgian, r"rijksregister|registre national|\binsz\b|\bniss\b"),
    Identity("pl", r"\b(\d{11})\b", _polish, r"pesel"),
    Identity("se", r"\b((?:19|20)?\d{6}[-+]\d{4})\b", _swedish),
    Identity("se", r"\b((?:19|20)?\d{10})\b", _swedish, r"personnummer|\bpnr\b|personal identity"),
    Identity("fi", r"\b(\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y])\b", _finnish),
    Identity("dk", r"\b(\d{6}-?\d{4})\b", _danish, r"\bcpr\b|personnummer"),
    Identity("no", r"\b(\d{6}[ ]?\d{5})\b", _norwegian),
    Identity("ch", r"\b(756\.?\d{4}\.?\d{4}\.?\d{2})\b", _swiss),
    Identity("at", r"\b(\d{4}[ ]?\d{6})\b", _austrian, r"svnr|sozialversicherung|\bsv-?nummer"),
    Identity("pt", r"\b(\d{3}[ ]?\d{3}[ ]?\d{3})\b", _portuguese, r"\bnif\b|contribuinte"),
    Identity("ie", r"\b(\d{7}[A-W][A-IW]?)\b", _irish, r"\bpps"),
    Identity("br", r"\b(\d{3}\.\d{3}\.\d{3}-\d{2})\b", _brazilian),
    Identity("br", r"\b(\d{11})\b", _brazilian, r"\bcpf\b"),
    Identity("in", r"\b(\d{4}[ -]\d{4}[ -]\d{4})\b", _aadhaar),
    Identity("in", r"\b(\d{12})\b", _aadhaar, r"aadhaa?r|uidai"),
    Identity("in", r"\b([A-Z]{3}[ABCFGHLJPT][A-Z]\d{4}[A-Z])\b", _any),
    Identity("ca", r"\b(\d{3}[ -]\d{3}[ -]\d{3})\b", _canadian),
    Identity("ca", r"\b(\d{9})\b", _canadian, r"\bsin\b|social insurance"),
    Identity("au", r"\b(\d{3}[ ]?\d{3}[ ]?\d{3})\b", _australian, r"\btfn\b|tax file"),
    Identity("za", r"\b(\d{13})\b", _south_african),
    Identity("cn", r"\b(\d{17}[\dX])\b", _chinese),
    Identity("tr", r"\b(\d{11})\b", _turkish, r"\btc\b|\btckn\b|kimlik"),
    Identity("kr", r"\b(\d{6}-[1-8]\d{6})\b", _korean),
    Identity("mx", r"\b([A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d)\b", _mexican),
)
_SEPARATORS = re.compile(r"[ .-]")


def plain(number: str, country: str) -> str:
    """Return a number without what stands between its parts; the century's sign of a Finnish one is a part."""
    return number if country == "fi" else _SEPARATORS.sub("", number.upper().replace("+", ""))
