"""Masks with the organisation's key, as SQL: a hash, other digits in the same form, numbers that are moved a little.

The database makes them, so that whatever a statement does with a masked column it does to what is shown: comparing,
joining and grouping tell nothing more. The key is in no statement. It is a setting that our sign-in gives the session
(`upstream`), which other sessions, `pg_stat_activity` and the log of statements do not show, and which no statement of
an app can name. PostgreSQL has `sha256` of itself and no AES, so all is made with HMAC-SHA-256 (RFC 2104).
"""

from enum import StrEnum

from bailiwick.core import ff1
from bailiwick.core.grants import NOISE_PERCENT, Mask
from bailiwick.core.keyed_masks import (
    DIGITS_PURPOSE,
    FORM,
    HASH_CHARACTERS,
    HASH_PURPOSE,
    LONGEST_FORM,
    MOST_MOVED,
    NOISE_BITS,
    NOISE_PURPOSE,
)
from bailiwick.core.masks import HIDDEN

SETTING = "bailiwick.mask_key"
_INNER = f"decode(left(current_setting('{SETTING}'), 128), 'hex')"
_OUTER = f"decode(right(current_setting('{SETTING}'), 128), 'hex')"
_MOST = f"{MOST_MOVED:.0e}".replace("+", "")


# Marks a column that the gateway masks: a schema that no database has, and no statement of an app can name.
BY_GATEWAY = "bailiwick_masked"


class MaskedBy(StrEnum):
    """Who makes the masks with the key: the database, or the gateway where the database has no way to (`engines`)."""

    DATABASE = "database"
    GATEWAY = "gateway"


def keyed(name: str, mask: Mask, by: MaskedBy = MaskedBy.DATABASE) -> str:
    """Return what is shown of a column, by its quoted name, under a mask that needs the key; nothing here may fail."""
    if by is MaskedBy.GATEWAY:
        return f"{BY_GATEWAY}.{mask.value}({name})"
    text = f"CAST({name} AS text)"
    if mask is Mask.HASH:
        found = f"left(encode({_hmac(HASH_PURPOSE, text)}, 'hex'), {HASH_CHARACTERS})"
        return f"CASE WHEN {name} IS NOT NULL THEN {found} END"
    if mask is Mask.DIGITS:
        return _other_digits(name, text)
    return _moved(name, NOISE_PERCENT[mask])


def _hmac(purpose: bytes, text: str) -> str:
    """Return HMAC-SHA-256 of a text behind what it is for, as bytes."""
    return _hmac_of_bytes(f"convert_to('{purpose.decode()}' || {text}, 'UTF8')")


def _hmac_of_bytes(message: str) -> str:
    return f"sha256({_OUTER} || sha256({_INNER} || {message}))"


def _moved(name: str, percent: int) -> str:
    """Return a number that is moved by a share of itself, up to so many percent: by which one only its value decides.

    What is no number is an error of the whole statement, before any row is read: it cannot be multiplied.
    """
    value = f"CAST({name} * 1 AS numeric)"
    digest = f"encode({_hmac(NOISE_PURPOSE, f'CAST(trim_scale({value}) AS text)')}, 'hex')"
    drawn = f"CAST(CAST(('x' || left({digest}, {NOISE_BITS // 4})) AS bit({NOISE_BITS})) AS int8)"
    # From -1 up to 1.
    part = f"({drawn} / {2 ** (NOISE_BITS - 1)}.0 - 1)"
    moved = f"round({value} * (1 + {percent / 100} * {part}), scale({value}))"
    return (
        f"CASE WHEN FALSE THEN {name} WHEN {name} BETWEEN -{_MOST} AND {_MOST} THEN "
        f"CASE WHEN FALSE THEN {name} ELSE {moved} END END"
    )


def _other_digits(name: str, text: str) -> str:
    """Return a text of the same form with the digits that FF1 makes, the letters before hand being its tweak."""
    digits = f"regexp_replace({text}, '[^0-9]', '', 'g')"
    usable = (
        f"{text} ~ '{FORM}' AND length({text}) <= {LONGEST_FORM}"
        f" AND length({digits}) BETWEEN {ff1.LEAST_DIGITS} AND {ff1.MOST_DIGITS}"
    )
    return (
        f"CASE WHEN {name} IS NULL THEN NULL WHEN {usable} THEN {_put_back(_rounds(text, digits), text)}"
        f" ELSE '{HIDDEN}' END"
    )


def _put_back(digits: str, text: str) -> str:
    """Return the text with other digits in the places of its own, and x for letters."""
    place = "CAST(count(*) FILTER (WHERE c ~ '[0-9]') OVER (ORDER BY i) AS int4)"
    shown = "CASE WHEN c ~ '[0-9]' THEN substr(d, k, 1) WHEN c ~ '[a-z]' THEN 'x' WHEN c ~ '[A-Z]' THEN 'X' ELSE c END"
    characters = f"unnest(string_to_array({text}, NULL)) WITH ORDINALITY AS s(c, i)"
    return (
        f"(SELECT string_agg({shown}, '' ORDER BY i) FROM (SELECT c, i, {place} AS k FROM {characters}) AS p,"  # noqa: S608
        f" ({digits}) AS e(d))"
    )


def _rounds(text: str, digits: str) -> str:
    """Return the query of what FF1 makes of some digits (SP 800-38G, algorithm 7): a subselect for each round.

    `OFFSET 0` keeps the planner from putting each into the next, twice. `a` and `b` are the halves as numbers, `u` and
    `v` how many digits they have, `w` and `z` how many bytes hold one and are drawn, `h` how every message begins.
    """
    tweak = f"upper(regexp_replace({text}, '[^A-Za-z]', '', 'g'))"
    sizes = " ".join(
        f"WHEN {half} THEN {ff1.half_bytes(half)}" for half in range(ff1.LEAST_DIGITS // 2, ff1.MOST_DIGITS // 2 + 1)
    )
    query = (
        "SELECT d, t, length(d) AS n, length(d) / 2 AS u, length(d) - length(d) / 2 AS v"  # noqa: S608
        f" FROM (SELECT {digits} AS d, encode(convert_to({tweak}, 'UTF8'), 'hex') AS t OFFSET 0) AS q"
    )
    query = f"SELECT *, CASE v {sizes} END AS w FROM ({query} OFFSET 0) AS q"  # noqa: S608 - texts of ours
    head = (
        f"'{DIGITS_PURPOSE.hex()}' || '01020100000a0a' || lpad(to_hex(u), 2, '0') || lpad(to_hex(n), 8, '0')"
        " || lpad(to_hex(length(t) / 2), 8, '0') || t || repeat('00', mod(mod(-length(t) / 2 - w - 1, 16) + 16, 16))"
    )
    query = (
        f"SELECT u, v, w, 4 * ((w + 3) / 4) + 4 AS z, {head} AS h, CAST(left(d, u) AS numeric) AS a,"  # noqa: S608
        f" CAST(right(d, v) AS numeric) AS b FROM ({query} OFFSET 0) AS q"
    )
    for number in range(ff1.ROUNDS):
        query = _round(query, number)
    return f"SELECT lpad(CAST(a AS text), u, '0') || lpad(CAST(b AS text), v, '0') FROM ({query}) AS q"  # noqa: S608


def _round(query: str, number: int) -> str:
    message = f"decode(h || '{number:02x}' || lpad(to_hex(CAST(b AS int8)), 2 * w, '0'), 'hex')"
    # The first word is left out where only two are drawn (8 bytes), not three (12).
    words = [f"CAST(CAST(('x' || substr(y, {1 + 8 * word}, 8)) AS bit(32)) AS int8)" for word in range(3)]
    pair, triple = (
        " + ".join(f"CAST({word} AS numeric) * {2 ** (32 * (count - place - 1))}" for place, word in enumerate(taken))
        for count, taken in ((2, words[:2]), (3, words))
    )
    drawn = f"CASE z WHEN 8 THEN {pair} ELSE {triple} END"
    places = "v" if number % 2 else "u"
    return (
        f"SELECT u, v, w, z, h, b AS a, mod(a + {drawn}, CAST('1' || repeat('0', {places}) AS numeric)) AS b"  # noqa: S608
        f" FROM (SELECT *, encode({_hmac_of_bytes(message)}, 'hex') AS y FROM ({query} OFFSET 0) AS q OFFSET 0) AS q"
    )
