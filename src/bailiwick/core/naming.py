"""Words in names: what tables, columns and people's questions have in common once spelling is put aside."""

import re
from functools import lru_cache

_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_]+")
# Words that end in s and are one thing, or whose plural is not made by rule.
_ONE = {
    "address": "address", "addresses": "address", "status": "status", "statuses": "status", "business": "business",
    "businesses": "business", "access": "access", "class": "class", "classes": "class", "news": "news", "is": "is",
    "this": "this", "us": "us", "ids": "id", "people": "person", "persons": "person", "children": "child",
    "emails": "email", "mails": "email", "mail": "email", "iban": "iban", "ibans": "iban", "as": "as", "was": "was",
    "has": "has", "its": "its", "always": "always", "series": "series", "analysis": "analysis", "bus": "bus",
    "gas": "gas", "his": "his", "yes": "yes", "basis": "basis", "bonus": "bonus", "pass": "pass", "less": "less",
}  # fmt: skip
_SHORTEST = 4


@lru_cache(maxsize=8192)
def singular(word: str) -> str:
    """Return a word in small letters and as one of its kind: `Companies` as `company`."""
    small = word.lower()
    if small in _ONE:
        return _ONE[small]
    if len(small) < _SHORTEST or not small.endswith("s") or small.endswith("ss"):
        return small
    if small.endswith("ies"):
        return small[:-3] + "y"
    if small.endswith(("ches", "shes", "xes", "sses", "zes")):
        return small[:-2]
    return small[:-1]


@lru_cache(maxsize=8192)
def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name: `customerEmails` and `customer_email` both as `customer`, `email`."""
    return tuple(singular(part) for part in _PARTS.findall(name))
