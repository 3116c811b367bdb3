"""Licences as packages say them, in SPDX's words: expressions as they are, names and classifiers by a table."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

_LONGEST = 500
_CLASSIFIER = "License :: "


def spdx(words: str) -> str:
    """Return what somebody wrote of a licence as an SPDX expression; empty when it cannot be told which is meant."""
    text = " ".join(words.split()).strip("\"' .")
    if not text or len(text) > _LONGEST:
        return ""
    for written in (" ".join(words.split()), text):
        try:
            return canonicalize_license_expression(written)
        except (InvalidLicenseExpression, RecursionError, MemoryError, SyntaxError, ValueError):
            continue
    return _names().get(_plain(text), "")


def of_classifiers(classifiers: Iterable[str]) -> str:
    """Return what trove classifiers say, as an expression; empty when one of them is not known.

    Several do not say whether one may choose, so all of them hold.
    """
    said = [
        item.removeprefix(_CLASSIFIER).rpartition(" :: ")[2] for item in classifiers if item.startswith(_CLASSIFIER)
    ]
    found = [spdx(item) for item in said if item != "OSI Approved"]
    return " AND ".join(dict.fromkeys(found)) if found and all(found) else ""


@cache
def _names() -> Mapping[str, str]:
    text = (files("bailiwick.control.review") / "data" / "licences.toml").read_text()
    return {_plain(name): expression for expression, names in tomllib.loads(text).items() for name in names}


def _plain(text: str) -> str:
    """Return a name without what differs for no reason: case, brackets, "the", "license", and how versions are said."""
    text = re.sub(r"\([^)]*\)", " ", text.lower()).replace("+", " or later ")
    left_out = {"the", "licence", "license", "licensed", "software", "under", "a", "of", "v", "version"}
    words = re.findall(r"[a-z]+|\d+(?:\.\d+)*", re.sub(r"v(?=\d)", " ", text))
    return " ".join(word.removesuffix(".0") for word in words if word not in left_out)
