"""The words that questions about data are made of, beside the names of tables and columns. All as `naming` has them."""

from collections.abc import Mapping

from bailiwick.core import column_classes as classes
from bailiwick.core.grants import Mask

Words = tuple[str, ...]
# A class of data that stands for every sensitive one.
EVERYTHING_PERSONAL = "*personal"

# Words that carry nothing by themselves.
EMPTY = frozenset(
    "a an the and or also please show me see read list view look up get give need want would like i we to can could "
    "access all any every each their his her our your that which are is be of from in on at by per as it them there "
    "data record row column table field value information detail us let allow may only just these those s do".split()
)
NO = frozenset("no not without except excluding exclude hide omit minus never none nor hidden remove dont skip".split())
ALSO = frozenset("with including include plus".split())
MASKED = frozenset("masked mask redacted obscured pseudonymised anonymised".split())
WRITING = frozenset("change update edit write insert modify delete create set correct cancel writable editable".split())
# Words for which rows come first, which no grant says: an app sorts.
RANKING = frozenset(
    "top best biggest largest latest newest recent highest lowest first most oldest smallest worst".split()
)
WHY = frozenset("because so since".split())
OWN = frozenset("my own mine".split())
IS = frozenset("is = equal are be".split())
WHERE = frozenset("where whose with when if having".split())
OF = frozenset("of in from for within".split())
SPANS = frozenset("year month week quarter day hour".split())
THESE = frozenset("this last past current previous".split())
DAYS = frozenset("today yesterday".split())

# Ways to say that only a part of a value is shown, longest first.
PARTS: tuple[tuple[Words, Mask], ...] = tuple(
    sorted(
        [
            ((*last, *unit), Mask.LAST4)
            for last in (("last", "four"), ("last", "4"), ("final", "four"), ("final", "4"))
            for unit in (("digit",), ("character",), ("number",), ())
        ]
        + [(("domain",), Mask.EMAIL), (("domain", "part"), Mask.EMAIL)],
        key=lambda item: -len(item[0]),
    )
)

_ONE: Mapping[str, tuple[str, ...]] = {
    classes.EMAIL: ("email", "email address"),
    classes.PHONE: ("phone", "phone number", "telephone", "telephone number", "mobile", "mobile number"),
    classes.CARD: ("card", "card number", "credit card", "credit card number", "payment card", "debit card", "pan"),
    classes.IBAN: ("iban", "bank account", "account number", "bank account number", "bank detail"),
    classes.NATIONAL_ID: (
        "ssn", "national id", "national identity", "social security number", "identity number", "passport",
        "passport number", "tax id", "personal number",
    ),
    classes.BIRTH_DATE: ("birthday", "birth date", "birthdate", "date of birth", "dob", "date birth"),
    classes.ADDRESS_OF_NETWORK: ("ip", "ip address"),
    classes.SECRET: ("password", "secret", "token", "api key", "credential"),
    classes.NAME: ("name", "person name", "full name", "first name", "last name"),
    classes.ADDRESS: ("address", "postal address", "home address", "street"),
    classes.SALARY: ("salary", "wage", "pay"),
    classes.HEALTH: ("health", "health data", "diagnosis"),
    EVERYTHING_PERSONAL: (
        "personal data", "personal information", "personal detail", "pii", "personal", "sensitive data", "sensitive",
        "private data", "personal field", "personal column", "sensitive column", "sensitive information",
    ),
}  # fmt: skip
# What words stand for, by the words.
CLASS_TERMS: Mapping[Words, str] = {tuple(said.split()): name for name, every in _ONE.items() for said in every}
LONGEST_TERM = 4
