"""Regular expressions of JavaScript: whether what they let through can mean anything, and what they take out."""

import re

# What a text may consist of without meaning anything to SQL, shells, HTML, paths or addresses.
_HARMLESS = re.compile(r"^(?:\\[wdsb-]|\\\.|[A-Za-z0-9_ -]|[A-Za-z0-9]-[A-Za-z0-9]|[.@:+,])+$")
_CLASS = re.compile(r"\[(\^?)((?:\\.|[^\]\\])*)\]")
_REPEAT = re.compile(r"[*+?]\??|\{\d+(?:,\d*)?\}\??")
_DANGEROUS = set("'\"`<>;|&$(){}/\\%*\n\r")


def is_strict(pattern: str) -> bool:
    """Return whether a pattern is held at both ends and lets only harmless characters through."""
    if not (pattern.startswith("^") and pattern.endswith("$")) or pattern.endswith("\\$"):
        return False
    inner = pattern[1:-1]
    if "|" in inner and not re.match(r"^\((?:\?:)?[^()]*\)$", inner):
        return False
    for match in _CLASS.finditer(inner):
        if match[1] or not _is_harmless_class(match[2]):
            return False
    rest = _REPEAT.sub("", _CLASS.sub("", inner))
    rest = rest.replace("(?:", "").replace("(", "").replace(")", "").replace("|", "")
    return not re.search(r"(?<!\\)\.|\\[DWS]", rest) and not (set(rest) - set("\\")) & _DANGEROUS and "\\/" not in rest


def _is_harmless_class(inside: str) -> bool:
    if re.search(r"\\[DWSnr/\\]", inside):
        return False
    plain = re.sub(r"\\[wdb]|\\s|\\-|\\\.|\\_|\\@", "", inside)
    return not set(plain) & (_DANGEROUS | {"\\"})


def takes_out(pattern: str, flags: str, replacement: str | None) -> frozenset[str]:
    """Return the rules that a text is safe from when all that a pattern matches is replaced in it.

    `*` stands for all of them: of what is left, no character means anything.
    """
    if "g" not in flags or replacement is None:
        return frozenset()
    safe: set[str] = set()
    match = _CLASS.match(pattern)
    whole = match is not None and _REPEAT.sub("", pattern[match.end() :]) == ""
    if match is not None and whole and match[1] and _is_harmless_class(match[2].replace("\\s", "").replace(" ", "")):
        return frozenset({"*"}) if not set(replacement) & _DANGEROUS else frozenset()
    taken = match[2] if match is not None and whole and not match[1] else pattern if len(pattern) <= 3 else ""  # noqa: PLR2004
    if pattern in {r"\W", r"\W+", r"\D", r"\D+"}:
        return frozenset({"*"})
    if {r"\r", r"\n"} & set(re.findall(r"\\[rn]", taken or pattern)) and _ends_lines(pattern):
        safe |= {"log-injection", "header-injection", "email-injection"}
    if "<" in taken or pattern == "<":
        safe.add("cross-site-scripting")
    if "$" in taken and "." in taken and "*" in taken:
        safe.add("regular-expression-injection")
    if "$" in taken:
        safe.add("nosql-injection")
    return frozenset(safe)


def _ends_lines(pattern: str) -> bool:
    return "\\n" in pattern or "\\s" in pattern
