"""Edits of the manifest that declare what is used, or take out what is not: lines only, comments stay."""

import re
import tomllib
from collections.abc import Callable, Sequence

from bailiwick.control.review.model import Edit
from bailiwick.core.manifest import FILE_NAME, Manifest, ManifestError, parse_manifest

_HEADER = re.compile(r"\s*\[{1,2}\s*([^\[\]]+?)\s*\]{1,2}\s*(#.*)?$")

_LONGEST = 2000


def applied(text: str, edit: Edit) -> str:
    """Return a text with an edit in it."""
    lines = text.splitlines()
    new = edit.text.split("\n") if edit.text else []
    return "\n".join([*lines[: edit.first - 1], *new, *lines[edit.last :]]) + "\n"


def allow_host(text: str, host: str) -> Edit | None:
    """Return the edit that adds `host:port` to `[egress]`; None when it is written in a way not known here."""
    lines = text.splitlines()
    header = _section(lines, "egress")
    if header is None:
        edit = _append(lines, f'\n[egress]\nallow = ["{host}"]')
    else:
        edit = _in_list(lines, header, host) or _edit(header + 2, header + 1, f'allow = ["{host}"]')
    return edit if _gives(text, edit, lambda manifest: host in manifest.egress.allow) else None


def name_class(text: str, name: str) -> Edit | None:
    """Return the edit that adds a class of data to `[app]`; None when it is written in a way not known here."""
    lines = text.splitlines()
    header = _section(lines, "app")
    if header is None:
        return None
    known = _in_list(lines, header, name, key="data_classes")
    end = next((place for place in range(header + 1, len(lines)) if _HEADER.match(lines[place])), len(lines))
    if known is None and any(re.match(r"\s*[\"']?data_classes", line) for line in lines[header + 1 : end]):
        return None
    edit = known or _edit(header + 2, header + 1, f'data_classes = ["{name}"]')
    return edit if _gives(text, edit, lambda manifest: name in manifest.app.data_classes) else None


def add_section(text: str, written: str) -> Edit | None:
    """Return the edit that adds a section at the end; None when the manifest would not hold together then."""
    edit = _append(text.splitlines(), "\n" + written)
    return edit if _gives(text, edit, lambda _: True) else None


def remove_host(text: str, host: str) -> Edit | None:
    """Return the edit that takes a host out of `[egress]`."""
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        if line.count(f'"{host}"') == 1:
            if re.fullmatch(rf'\s*"{re.escape(host)}",?\s*(#.*)?', line):
                edit = _edit(number, number, "")
            else:
                without = re.sub(rf'"{re.escape(host)}"\s*,\s*|,\s*"{re.escape(host)}"|"{re.escape(host)}"', "", line)
                edit = _edit(number, number, without)
            return edit if _gives(text, edit, lambda manifest: host not in manifest.egress.allow) else None
    return None


def remove_section(text: str, name: str) -> Edit | None:
    """Return the edit that takes a section out, with the empty lines before it."""
    lines = text.splitlines()
    header = _section(lines, name)
    if header is None:
        return None
    end = next((place for place in range(header + 1, len(lines)) if _HEADER.match(lines[place])), len(lines))
    start = header
    while start and not lines[start - 1].strip():
        start -= 1
    if any(line.lstrip().startswith("#") for line in lines[header + 1 : end]):
        return None  # a comment may belong to what comes after
    edit = _edit(start + 1, end, "\n" if end < len(lines) and start else "")
    edit = Edit(edit.path, edit.first, edit.last, "" if edit.text == "\n" and end == len(lines) else edit.text)
    return edit if _gives(text, edit, lambda _: True) else None


def line_of(text: str, needle: str) -> int:
    """Return the line (from 1) where a text first stands; 0 when it stands nowhere."""
    return next((number for number, line in enumerate(text.splitlines(), start=1) if needle in line), 0)


def _edit(first: int, last: int, text: str) -> Edit:
    return Edit(FILE_NAME, first, last, text)


def _append(lines: Sequence[str], text: str) -> Edit:
    return _edit(len(lines) + 1, len(lines), text)


def _section(lines: Sequence[str], name: str) -> int | None:
    """Return the index of a section's header."""
    for place, line in enumerate(lines):
        found = _HEADER.match(line)
        if found and re.sub(r"[\s\"']", "", found[1]) == name:
            return place
    return None


def _in_list(lines: Sequence[str], header: int, host: str, key: str = "allow") -> Edit | None:
    """Return the edit that adds a text to the list of a key of the section that begins at a line."""
    for place in range(header + 1, len(lines)):
        if _HEADER.match(lines[place]):
            return None
        if re.match(rf"\s*{key}\s*=\s*\[", lines[place]):
            break
    else:
        return None
    short = lines[place] if len(lines[place]) <= _LONGEST else ""
    one = re.fullmatch(rf"(\s*{key}\s*=\s*\[)(.*?)(,?\s*)\](\s*(?:#.*)?)", short)
    if one is not None:
        comma = ", " if one[2].strip() else ""
        return _edit(place + 1, place + 1, f'{one[1]}{one[2].rstrip()}{comma}"{host}"]{one[4]}')
    for end in range(place + 1, len(lines)):
        if lines[end].strip().startswith("]"):
            last = lines[end - 1]
            indent = re.match(r"\s*", last)
            with_comma = re.sub(r'^(\s*"[^"]*")\s*(,?)', r"\1,", last)
            new = f'{indent[0] if indent and end - 1 > place else "    "}"{host}",'
            if end - 1 == place or last.strip().startswith("#"):
                return _edit(end + 1, end, new)
            return _edit(end, end, f"{with_comma}\n{new}")
    return None


def _gives(text: str, edit: Edit, holds: Callable[[Manifest], bool]) -> bool:
    """Return whether the manifest says after an edit what it should, and nothing else is wrong with it."""
    try:
        manifest: Manifest = parse_manifest(applied(text, edit))
    except (ManifestError, tomllib.TOMLDecodeError):
        return False
    return holds(manifest)
