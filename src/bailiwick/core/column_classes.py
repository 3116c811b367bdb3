"""Which class of data a column seems to hold, by its name and by the form of values. A suggestion: a person confirms.

What is said of values is coarse on purpose: whether most of them have a form, in tenths, and nothing when few were
looked at. So neither a rare value nor how many there are of it can be read off a suggestion.
"""

import ipaddress
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bailiwick.core.naming import words_of
from bailiwick.core.sensitive import Finder, SensitiveKind

EMAIL, PHONE, CARD, IBAN = "personal-email", "personal-phone", "payment-card", "bank-account"
NATIONAL_ID, BIRTH_DATE, ADDRESS_OF_NETWORK = "identity-number", "personal-birth-date", "personal-ip-address"
SECRET, NAME, ADDRESS, SALARY, HEALTH = "secret", "personal-name", "personal-address", "salary", "health"
# What columns are of which others know the values, too: alone they name nobody, together they may.
_OTHERS_KNOW = frozenset(
    "age birth birthday birthdate born city code country county department dob district employer ethnicity gender "
    "grade hired job language marital nationality occupation plz position postal postcode profession race region "
    "religion sex state title town zip zipcode date day month year joined".split()
)
_LEAST_VALUES = 20
_ENOUGH_TENTHS = 5
_LONGEST = 300
_PROSE_WORDS, _PROSE_TENTHS = 4, 3

# By the words that a name ends in, or holds; the first that fits counts.
_BY_END: tuple[tuple[tuple[str, ...], str], ...] = (
    (("email",), EMAIL), (("email", "address"), EMAIL), (("e", "email"), EMAIL),
    (("ip",), ADDRESS_OF_NETWORK), (("ip", "address"), ADDRESS_OF_NETWORK), (("ip", "addr"), ADDRESS_OF_NETWORK),
    (("phone",), PHONE), (("phone", "number"), PHONE), (("mobile",), PHONE), (("telephone",), PHONE), (("fax",), PHONE),
    (("card",), CARD), (("card", "number"), CARD), (("pan",), CARD), (("cvv",), CARD), (("cvc",), CARD),
    (("iban",), IBAN), (("bic",), IBAN), (("account", "number"), IBAN), (("sort", "code"), IBAN),
    (("ssn",), NATIONAL_ID), (("national", "id"), NATIONAL_ID), (("tax", "id"), NATIONAL_ID),
    (("passport",), NATIONAL_ID), (("passport", "number"), NATIONAL_ID),
    (("social", "security", "number"), NATIONAL_ID),
    (("dob",), BIRTH_DATE), (("birthday",), BIRTH_DATE), (("birthdate",), BIRTH_DATE), (("birth", "date"), BIRTH_DATE),
    (("date", "of", "birth"), BIRTH_DATE), (("born",), BIRTH_DATE), (("born", "on"), BIRTH_DATE),
    (("password",), SECRET), (("passwd",), SECRET), (("password", "hash"), SECRET), (("secret",), SECRET),
    (("token",), SECRET), (("api", "key"), SECRET), (("private", "key"), SECRET), (("access", "key"), SECRET),
    (("salary",), SALARY), (("wage",), SALARY), (("diagnosis",), HEALTH), (("blood", "type"), HEALTH),
    (("first", "name"), NAME), (("last", "name"), NAME), (("full", "name"), NAME), (("surname",), NAME),
    (("maiden", "name"), NAME), (("customer", "name"), NAME), (("contact", "name"), NAME), (("user", "name"), NAME),
    (("holder", "name"), NAME), (("cardholder",), NAME), (("street",), ADDRESS), (("home", "address"), ADDRESS),
    (("postal", "address"), ADDRESS), (("billing", "address"), ADDRESS), (("shipping", "address"), ADDRESS),
    (("street", "address"), ADDRESS), (("address", "line"), ADDRESS), (("address",), ADDRESS),
)  # fmt: skip
# `name` alone is a person's in a table of people.
_PEOPLE = frozenset(
    "applicant candidate child client contact customer employee guest lead member patient person student subscriber "
    "supplier tenant user visitor".split()
)
_PHONE = re.compile(r"(?:\+|00|\(?0)[0-9()][0-9 ()./-]{5,18}[0-9]|\(?[0-9]{3}\)?[ .-][0-9]{3}[ .-][0-9]{4}")
_LEAST_PHONE_DIGITS = 7
_DATE = re.compile(r"(\d{4})-\d{2}-\d{2}(?:[ T].*)?")
_OLD_YEARS = range(1900, 2011)
# Numbers of people that say by their form which they are: USA, United Kingdom, Italy.
_FORMED_IDS = re.compile(
    r"(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}"
    r"|[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]"
    r"|[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]"
)
_SPANISH_ID, _SPANISH_LETTERS = re.compile(r"([0-9XYZ]\d{7})-?([A-Z])"), "TRWAGMYFPDXBNJZSQVHLCKE"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The class that a column seems to hold, empty for none, and why; `tenths` of the values have its form."""

    data_class: str = ""
    because: Literal["", "name", "form", "both"] = ""
    tenths: int = 0
    prose: bool = False


def suggest(table: str, column: str, values: Sequence[str]) -> Suggestion:
    """Return what a column seems to hold, by its name and some of its values, none of them null."""
    named = class_by_name(table, column)
    written = [value.strip()[:_LONGEST] for value in values if value.strip()]
    formed, tenths = _by_form(written) if len(written) >= _LEAST_VALUES else ("", 0)
    prose = not formed and len(written) >= _LEAST_VALUES and _tenths(written, _is_prose) >= _PROSE_TENTHS
    if formed and formed == named:
        return Suggestion(named, "both", tenths, prose)
    # What values look like counts more than what somebody called them.
    return Suggestion(formed, "form", tenths, prose) if formed else Suggestion(named, "name" if named else "", 0, prose)


def class_by_name(table: str, column: str) -> str:
    """Return the class that a column's name speaks of, empty for none."""
    words = words_of(column)
    if words == ("name",) and _PEOPLE & set(words_of(table)):
        return NAME
    return next((found for end, found in _BY_END if words[-len(end) :] == end), "")


def may_identify(column: str, classes: Collection[str]) -> bool:
    """Return whether others may know a column's value of somebody: several such columns tell who a row is of."""
    return bool({BIRTH_DATE, ADDRESS} & set(classes)) or bool(_OTHERS_KNOW & set(words_of(column)))


def _by_form(values: Sequence[str]) -> tuple[str, int]:
    """Return the class whose form most values have, and how many of ten; an empty one where none is that common."""
    counted = {name: _tenths(values, has_form) for name, has_form in _FORMS.items()}
    best = max(counted, key=lambda name: counted[name])
    return (best, counted[best]) if counted[best] >= _ENOUGH_TENTHS else ("", 0)


def _tenths(values: Sequence[str], has_form: Callable[[str], bool]) -> int:
    return round(10 * sum(map(has_form, values)) / len(values))


def _whole(kind: SensitiveKind) -> Callable[[str], bool]:
    finder = Finder([kind])

    def is_one(value: str) -> bool:
        data = value.encode()
        return any(found.start == 0 and found.end == len(data) for found in finder.find(data))

    return is_one


def _is_phone(value: str) -> bool:
    digits = sum(character.isdigit() for character in value)
    return digits >= _LEAST_PHONE_DIGITS and _PHONE.fullmatch(value) is not None and _DATE.fullmatch(value) is None


def _is_national_id(value: str) -> bool:
    """Return whether a value is the number of a person: by its form, or by its check letter (Spain)."""
    if _FORMED_IDS.fullmatch(value):
        return True
    match = _SPANISH_ID.fullmatch(value)
    if match is None:
        return False
    number = match[1].translate(str.maketrans("XYZ", "012"))
    return _SPANISH_LETTERS[int(number) % len(_SPANISH_LETTERS)] == match[2]


def _is_old_date(value: str) -> bool:
    match = _DATE.fullmatch(value)
    return match is not None and int(match[1]) in _OLD_YEARS


def _is_address_of_network(value: str) -> bool:
    try:
        ipaddress.ip_interface(value)
    except ValueError:
        return False
    return not value.isdigit()


def _is_prose(value: str) -> bool:
    return value.count(" ") >= _PROSE_WORDS


_FORMS: Mapping[str, Callable[[str], bool]] = {
    SECRET: _whole("secret"),
    CARD: _whole("card"),
    IBAN: _whole("iban"),
    EMAIL: _whole("email"),
    NATIONAL_ID: _is_national_id,
    ADDRESS_OF_NETWORK: _is_address_of_network,
    PHONE: _is_phone,
    BIRTH_DATE: _is_old_date,
}
