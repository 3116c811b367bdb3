"""Amounts of what models use, in words: tokens, calls, and money, which is counted in millionths of its currency."""

from bailiwick.core.messages import MILLIONTHS, Unit


def amount_words(unit: Unit, amount: int, currency: str = "") -> str:
    """Return an amount with its unit; of less than one of a currency every digit is told."""
    return f"{number_words(unit, amount)} {currency if unit == 'money' else unit}".rstrip()


def number_words(unit: Unit, amount: int) -> str:
    """Return an amount without its unit."""
    if unit != "money":
        return f"{amount:,}"
    money = amount / MILLIONTHS
    return f"{money:,.2f}" if not 0 < abs(money) < 1 else f"{money:.6f}".rstrip("0")
