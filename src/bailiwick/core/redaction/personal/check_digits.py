"""Check digits: what makes a row of digits a number that somebody issued. All take digits as text."""

from collections.abc import Sequence
from datetime import date

_DIHEDRAL = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_PERMUTED = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip
_ODD_PLACES = dict(
    zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16,
         10, 22, 25, 24, 23), strict=True)
)  # fmt: skip


def luhn(digits: str) -> bool:
    """Whether the last digit is that of ISO/IEC 7812-1, annex B, and it is no row of one digit."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - the sum of two digits
    return total % 10 == 0 and len(set(digits)) > 1


def verhoeff(digits: str) -> bool:
    """Whether the last digit is Verhoeff's (J. Verhoeff, Error Detecting Decimal Codes, 1969)."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = int(_DIHEDRAL[check][int(_PERMUTED[place % 8][int(digit)])])
    return check == 0


def mod_11_10(digits: str) -> bool:
    """Whether the last digit is that of ISO/IEC 7064, MOD 11,10."""
    carry = 10
    for digit in digits[:-1]:
        carry = (carry + int(digit)) % 10 or 10
        carry = carry * 2 % 11
    return (11 - carry) % 10 == int(digits[-1])


def weighted(digits: str, weights: Sequence[int]) -> int:
    """Return the sum of digits times weights, as far as there are weights."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def italian(code: str) -> bool:
    """Whether the last letter of a codice fiscale is right (decree of 23 December 1976)."""
    total = sum(
        _ODD_PLACES[sign] if place % 2 == 0 else (int(sign) if sign.isdigit() else ord(sign) - 65)
        for place, sign in enumerate(code[:15])
    )
    return chr(65 + total % 26) == code[15]


def is_day(year: int, month: int, day: int) -> bool:
    """Whether there was such a day."""
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def is_short_date(six: str, order: str = "ymd") -> bool:
    """Whether six digits are a day of some century, in an order of `y`, `m` and `d`."""
    parts = {sign: int(six[2 * place : 2 * place + 2]) for place, sign in enumerate(order)}
    return any(is_day(century + parts["y"], parts["m"], parts["d"]) for century in (1900, 2000))
