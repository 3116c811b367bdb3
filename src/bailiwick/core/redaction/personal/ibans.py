"""International bank account numbers (ISO 13616): by how long they are in each country, and their check digits."""

from bailiwick.core.redaction.found import Found
from bailiwick.core.redaction.sieve import compiled

# A number may follow what a form writes as `%20` or `%3A`, whose digits are none of it.
_START = r"(?:%[0-9A-F]{2}|\b)"
_BETWEEN = r"(?:[ +-]|%20)"
_IBAN = compiled(rf"{_START}([A-Z]{{2}}\d{{2}}(?:{_BETWEEN}?[0-9A-Z]){{11,30}})")
_FILLERS = frozenset(b" +-")
_IBAN_HEAD = 4

# How long an IBAN is, by country (SWIFT, IBAN Registry).
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FO GL NL FK SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip


def ibans(data: bytes) -> list[Found]:
    """Return the account numbers in a text, also in groups, and as forms write these."""
    found, place = [], 0
    while match := _IBAN.search(data, place):
        length = _end_of_iban(match[1])
        # What begins one of no country may hide the beginning of another.
        place = match.start(1) + (length or 2)
        if length:
            found.append(Found(match.start(1), place, "iban"))
    return found


def _end_of_iban(written: bytes) -> int:
    """Return where the IBAN ends that something begins with, 0 when it begins with none (ISO 13616, mod 97 is 1)."""
    wanted = _IBAN_LENGTHS.get(written[:2].decode(), 0)
    plain = written.replace(b"%20", b"   ")
    places = [place for place, byte in enumerate(plain) if byte not in _FILLERS]
    if not wanted or len(places) < wanted:
        return 0
    letters = "".join(chr(plain[place]) for place in places[:wanted])
    number = "".join(str(int(letter, 36)) for letter in letters[_IBAN_HEAD:] + letters[:_IBAN_HEAD])
    return places[wanted - 1] + 1 if int(number) % 97 == 1 else 0
