"""Who people are: names where something says that they are names, and the days on which they were born."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files

_UP = r"(?:[A-Z]|\xc3[\x80-\x9e])"
_PART = rf"{_UP}[a-z\x80-\xff']*(?:-?{_UP}[a-z\x80-\xff']+)*"
_LINK = r"(?:van|von|de|der|den|del|della|di|da|dos|la|le|bin|ibn|al|el|ter|ten|y|zu)"
_LINKS = rf"(?:{_LINK}[ ]){{0,2}}"
_MORE = rf"(?:[ ]{_UP}\.|[ ](?:{_LINK}[ ]){{0,2}}{_PART})"
_NAME = rf"({_PART}{_MORE}{{0,4}})"
_FULL_NAME = rf"({_PART}{_MORE}{{1,4}})"
# What comes before a name, each word by itself: texts are searched faster for many words than for one choice of them.
_TITLES = (
    "Mr|Mrs|Ms|Mx|Miss|Dr|Prof|Professor|Sir|Madam|Herrn|Herr|Frau|Mme|Mlle|Monsieur|Madame|Sr|Sra|Srta|Se\xc3\xb1or|Senor"
    "|Se\xc3\xb1ora|Senora|Don|Do\xc3\xb1a|Dona|Sig|Signor|Signora|Dhr|Mevr|Mevrouw"
).split("|")
_SAY_NAME = (
    *(rf"{word}[ _-]?name" for word in "full first last middle sur given family maiden birth legal".split()),
    *"vorname nachname familienname pr\xc3\xa9nom prenom apellidos? cognome achternaam voornaam".split(),
    *(rf"{word}[ _-]?(?:name)?" for word in ("patient", "employee", "card[ _-]?holder", "account[ _-]?holder")),
)
_MAY_SAY_NAME = (
    r"(?:(?:customer|client|contact|guest|member|student|passenger|tenant|user|owner|beneficiary|applicant|recipient|sender"
    r"|manager|author|doctor|physician|display)[ _-]?(?:name)?|nombre|nom|nome|naam|name|from|to|cc"
    r"|attn|attention|signed by|prepared by|reported by|assigned to|approved by)"
)
_SELVES = (
    "my name is|my name's|i am called|mein name ist|ich hei\xc3\x9fe|ich heisse|je m'appelle|me llamo|mi nombre es"
    "|mi chiamo|mijn naam is|meu nome \xc3\xa9|meu nome e|name's"
).split("|")
_GREETINGS = (
    "Dear|Hi|Hello|Hey|Hallo|Liebe|Lieber|Sehr geehrte Frau|Sehr geehrter Herr|Bonjour|Ch\xc3\xa8re|Ch\xc3\xa8r"
    "|Chere|Cher|Hola|Estimado|Estimada|Ciao|Gentile|Beste|Good morning|Good afternoon|Good evening"
).split("|")
_CLOSINGS = (
    "regards|sincerely|cheers|thanks|thank you|best|best wishes|yours truly|gr\xc3\xbc\xc3\x9fe|gr\xc3\xbcsse|gruesse"
    "|grue\xc3\x9fe|cordialement|saludos|saluti|groeten"
).split("|")


def _any_of(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(words)})"


_IS = r"(?:[\"']?\s{0,3}[:=]\s{0,3}[\"']?|[ ]is[ ])"
_TITLE, _GREETING = rf"{_any_of(_TITLES)}\.?[ ]", rf"{_any_of(_GREETINGS)},?[ ]"
_SAYS_NAME, _SELF, _CLOSING = _any_of(_SAY_NAME), _any_of(_SELVES), rf"{_any_of(_CLOSINGS)}[,.!]?"

# What introduces a name, and a capital after it.
HINTS: tuple[str, ...] = (
    *(rf"\b{word}\.?[ ]{_UP}" for word in _TITLES),
    *(rf"(?i:\b{words})[ ]{_UP}" for words in _SELVES),
    *(rf"{word},?[ ]{_UP}" for word in _GREETINGS),
    *(rf"(?i:{word}){_IS}{_LINKS}{_UP}" for word in _SAY_NAME),
    *(rf"(?i:{word})[,.!]?[ ]?(?:\n|\\n)" for word in _CLOSINGS),
)
# Named for certain: by a title, or by what introduces a person.
NAMES: tuple[str, ...] = (
    rf"\b{_TITLE}{_NAME}",
    rf"(?i:\b{_SELF})[ ]{_NAME}",
    rf"(?m)(?:^|[\"'>])[ ]{{0,3}}{_GREETING}{_NAME}[ ]?[,!:]",
    rf"(?i:\b{_SAYS_NAME}){_IS}({_LINKS}{_PART}{_MORE}{{0,4}})",
    rf"(?i:\b{_CLOSING})[ ]?(?:\n|\\n){{1,3}}[ ]{{0,4}}{_NAME}[ ]{{0,3}}(?:$|\n|\\n)",
)
# After a word that other things come after, too: some word of it must be a given name.
LIKELY_NAMES: tuple[str, ...] = (
    rf"(?i:\b{_MAY_SAY_NAME}){_IS}{_NAME}",
    rf"(?:\b(?:I am|I'm|[Tt]his is)[ ]){_NAME}",
)
# Two words or more that begin with capitals, the first of them a given name.
FULL_NAMES: tuple[str, ...] = (rf"(?:^|[^\w./@-]){_FULL_NAME}",)
_MONTH = (
    r"(?:jan|feb|m(?:ar|\xc3\xa4r|rz|aa)|apr|a(?:vr|br)|ma[iyj]|jun|juin|jul|juil|aug|ao(?:\xc3\xbb|u)|ago|sep|set"
    r"|o[ck]t|nov|de[czs]|d(?:\xc3\xa9|i)c|ene|gen|mag|giu|lug|ott|fev|f(?:\xc3\xa9)v)[a-z\x80-\xff]{0,8}\.?"
)
_DATE = (
    rf"((?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}})|(?:\d{{1,2}}[-/. ]\d{{1,2}}[-/. ]\d{{2,4}})"
    rf"|(?:\d{{1,2}}(?:st|nd|rd|th)?\.?[ ](?:of[ ]|de[ ])?{_MONTH},?[ ](?:de[ ])?\d{{4}})"
    rf"|(?:{_MONTH}[ ]\d{{1,2}}(?:st|nd|rd|th)?,?[ ]\d{{4}}))"
)
# Of each way to say when somebody was born.
BIRTH_HINTS: tuple[str, ...] = tuple(
    rf"(?i)\b{word}"
    for word in (
        r"date[ _-]?of[ _-]?birth", r"d\.?o\.?b\b", "birth", "born", "geboren", "geburtsdatum", r"geb\.",
        r"n\xc3\xa9e?[ ]le", "nee?[ ]le",
        "date de naissance", "fecha de nacimiento", "nacid[oa]", "data di nascita", r"nat[oa]\b",
        "geboortedatum", "data de nascimento", "cumplea",
    )
)  # fmt: skip
BIRTH_DATES: tuple[str, ...] = (
    r"(?i)\b(?:date[ _-]?of[ _-]?birth|d\.?o\.?b\b\.?|birth[ _-]?(?:date|day)|born(?:[ ]on)?(?:[ ]the)?"
    r"|geboren(?:[ ]am)?|geburtsdatum|geb\.|n(?:\xc3\xa9|e)e?[ ]le|date de naissance|fecha de nacimiento"
    r"|nacid[oa](?:[ ]el)?|data di nascita|nat[oa](?:[ ]il)?|geboortedatum|data de nascimento"
    r"|cumplea(?:\xc3\xb1|n)os)\b"
    r"[\"']?(?:[ ]?[:=(]|[ ]is|[ ]was)?[ ]{0,2}[\"']?" + _DATE,
)
_NO_NAMES = frozenset(
    b"The This That These Those There Here It He She We You They What When Where Who Why How All Any Some Every Team"
    b" Everyone Everybody Sir Madam Customer Support User Admin World Friend Colleague Name None Null True False"
    b" Unknown String Integer Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May"
    b" June July August September October November December Mr Mrs Ms Dr Prof".split()
)
_WORDS = re.compile(rb"[A-Za-z\x80-\xff][\w'\x80-\xff-]*")


@cache
def given_names() -> frozenset[str]:
    """Return given names that are common somewhere, in lower case."""
    return frozenset((files("bailiwick.core.redaction.personal") / "given_names.txt").read_text().split())


def given_name_hints() -> Iterator[str]:
    """Yield a pattern for each given name, as it begins with a capital."""
    for name in sorted(given_names()):
        written = name.capitalize()
        begin, end = r"\b" if written[0].isascii() else "", r"\b" if written[-1].isascii() else ""
        yield begin + written.encode().decode("latin-1") + end


def named(value: bytes) -> tuple[int, int] | None:
    """Return what of a text that was introduced as a person is called like one, None for nothing."""
    words = _WORDS.findall(value)
    return (0, len(value)) if words and words[0] not in _NO_NAMES and len(value) > 1 else None


def likely_named(value: bytes) -> tuple[int, int] | None:
    """Return what of a text begins with a given name, None where none of its words is one."""
    for match in _WORDS.finditer(value):
        first = match[0].partition(b"-")[0].decode(errors="replace").lower()
        if first in given_names() and match[0] not in _NO_NAMES:
            return match.start(), len(value)
    return None


def fully_named(value: bytes) -> tuple[int, int] | None:
    """Return what of a text begins with a given name that another one follows, None where there is no such."""
    found = likely_named(value)
    return found if found is not None and len(_WORDS.findall(value[found[0] :])) > 1 else None


def born(value: bytes) -> tuple[int, int] | None:
    """Return all of what has a year's worth of digits."""
    return (0, len(value)) if sum(chr(sign).isdigit() for sign in value) >= 4 else None  # noqa: PLR2004 - a year
