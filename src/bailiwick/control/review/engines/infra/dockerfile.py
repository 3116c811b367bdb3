"""Dockerfiles: images, users, what is fetched, and which secrets stay in a layer."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bailiwick.control.review.engines.infra import faults as said
from bailiwick.control.review.engines.infra import shell_rules
from bailiwick.control.review.engines.infra.credentials import is_credential, names_credential
from bailiwick.control.review.engines.infra.faults import Fault
from bailiwick.control.review.engines.infra.images import image_faults
from bailiwick.control.review.engines.source import Lines, text_of
from bailiwick.control.review.model import Change, Finding, Surroundings
from bailiwick.core.artifacts import TreeFile

_NAME = re.compile(r"(?:^|/)(?:[\w.-]+\.)?(?:dockerfile|containerfile)(?:\.[\w.-]+)?$", re.IGNORECASE)
_INSTRUCTION = re.compile(r"^\s*([A-Za-z]+)\s+(.*)$", re.DOTALL)
_KNOWN = frozenset("from run cmd label maintainer expose env add copy entrypoint volume user workdir arg onbuild "
                   "stopsignal healthcheck shell".split())  # fmt: skip
_HEREDOC = re.compile(r"<<-?\s*[\"']?(\w+)[\"']?")
_PAIR = re.compile(r"([A-Za-z_][\w.-]*)=(\"(?:[^\"\\]|\\.)*\"|'[^']*'|\S*)")
_FLAG = re.compile(r"^--([\w-]+)(?:=(\S+))?\s*")
_PRIVATE = re.compile(
    r"(?:^|/)(?:\.env(?:\.(?!example|sample|template)[\w-]+)?|id_(?:rsa|dsa|ecdsa|ed25519)|\.ssh|\.aws|\.netrc|\.git|"
    r"\.npmrc|\.pypirc|\.docker/config\.json|credentials(?:\.json)?|[\w.-]+\.(?:pem|p12|pfx|key))/?$"
)
_ROOT = frozenset({"root", "0", "root:root", "0:0", "root:0"})
_UNPINNED = (
    (re.compile(r"\bpip3?\s+install\b([^\n;&|]*)"), "=="),
    (re.compile(r"\bnpm\s+(?:install|i|add)\s+(?:-g|--global)\b([^\n;&|]*)"), "@"),
    (re.compile(r"\b(?:apt-get|apt)\s+(?:-\S+\s+)*install\b([^\n;&|]*)"), "="),
    (re.compile(r"\bapk\s+(?:-\S+\s+)*add\b([^\n;&|]*)"), "="),
    (re.compile(r"\bgem\s+install\b([^\n;&|]*)"), ":"),
)
_FROM_FILES = re.compile(
    r"(?:^|\s)(?:-r|--requirement|-e|--editable|-c|--find-links|--no-index)(?:\s|=|$)|(?:^|\s)\.(?:\s|\[|/|$)"
)


@dataclass(frozen=True, slots=True)
class _Instruction:
    word: str
    rest: str
    line: int
    heredoc: str = ""
    heredoc_line: int = 0


def reads(path: str) -> bool:
    """Say whether a file is a Dockerfile by its name."""
    return bool(_NAME.search(path))


def check(change: Change, _: Surroundings) -> Iterator[Finding]:
    """Yield what is wrong in Dockerfiles."""
    for file in change.files:
        if reads(file.path):
            yield from _file(file)


def _file(file: TreeFile) -> Iterator[Finding]:
    text = text_of(file.content)
    if text is not None:  # else the engine "unicode" says so
        yield from said.findings(file.path, Lines(text), _faults(list(_instructions(text))))


def _instructions(text: str) -> Iterator[_Instruction]:
    """Yield the instructions: lines that are continued as one, with the text that is written below them."""
    lines = text.split("\n")
    sign = "`" if re.match(r"(?i)\s*#\s*escape\s*=\s*`", lines[0]) else "\\"
    place = 0
    while place < len(lines):
        first, line = place, lines[place].rstrip("\r")
        place += 1
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        pieces = [line]
        while pieces[-1].rstrip().endswith(sign) and place < len(lines):
            following = lines[place].rstrip("\r")
            place += 1
            # A comment or an empty line between continued ones is left out; the line still counts.
            pieces.append(f" {sign}" if not following.strip() or following.lstrip().startswith("#") else following)
        match = _INSTRUCTION.match("\n".join(pieces))
        if not match:
            yield _Instruction(pieces[0].strip().lower(), "", first + 1)
            continue
        body, body_line, place = (
            _below(match[2], lines, place) if match[1].lower() in {"run", "copy", "add"} else ("", 0, place)
        )
        yield _Instruction(match[1].lower(), match[2], first + 1, body, body_line)


def _below(rest: str, lines: list[str], place: int) -> tuple[str, int, int]:
    mark = _HEREDOC.search(rest)
    if not mark:
        return "", 0, place
    end = next((number for number in range(place, len(lines)) if lines[number].strip() == mark[1]), len(lines))
    return "\n".join(lines[place:end]), place + 1, end + 1


def _faults(instructions: list[_Instruction]) -> Iterator[Fault]:
    stages: set[str] = set()
    defaults: dict[str, str] = {}
    user = ""
    for item in instructions:
        if item.word not in _KNOWN:
            yield Fault("unreadable-configuration", item.line, f"'{item.word[:40]}' is no instruction", -1)
        elif item.word == "from":
            yield from _base(item, stages, defaults)
            user = ""
        elif item.word == "arg":
            name, _, value = item.rest.strip().partition("=")
            defaults[name] = value.strip("\"'")
            yield from _argument(item, name, value)
        elif item.word == "env":
            yield from _settings(item)
        elif item.word == "user":
            user = item.rest.strip()
            if user.lower() in _ROOT and item is _last(instructions, "user"):
                yield Fault("runs-as-root", item.line, "it ends as root", 1)
        elif item.word in {"add", "copy"}:
            yield from _copied(item)
        elif item.word == "run":
            yield from _run(item)
        elif item.word in {"cmd", "entrypoint", "healthcheck"} and not item.rest.lstrip().startswith("["):
            yield from shell_rules.faults(_script(item.rest), item.line)
    if instructions and not user and (last := _last(instructions, "from")) is not None:
        yield Fault("runs-as-root", last.line, "no USER is named, so it runs as the image's, mostly root")


def _last(instructions: list[_Instruction], word: str) -> _Instruction | None:
    return next((item for item in reversed(instructions) if item.word == word), None)


def _base(item: _Instruction, stages: set[str], defaults: dict[str, str]) -> Iterator[Fault]:
    words = [word for word in item.rest.split() if not word.startswith("--")]
    image = words[0] if words else ""
    for name, value in defaults.items():
        if value:
            image = re.sub(rf"\$\{{{re.escape(name)}(?::?[-+][^}}]*)?\}}|\${re.escape(name)}\b", lambda _: value, image)  # noqa: B023
    if image.lower() not in stages:
        yield from image_faults(image, item.line)
    if len(words) > 2 and words[1].lower() == "as":  # noqa: PLR2004 - FROM image AS name
        stages.add(words[2].lower())


def _argument(item: _Instruction, name: str, value: str) -> Iterator[Fault]:
    if is_credential(name, value):
        yield Fault("hard-coded-credential", item.line, f"{name[:60]} is written here")
    elif names_credential(name):
        yield Fault("secret-in-image", item.line, f"the image remembers the argument {name[:60]}", -1)


def _settings(item: _Instruction) -> Iterator[Fault]:
    pairs = [(match[1], match[2], match.start()) for match in _PAIR.finditer(item.rest)]
    if not pairs:
        name, _, value = item.rest.strip().partition(" ")
        pairs = [(name, value, 0)]
    for name, value, place in pairs:
        if is_credential(name, value):
            line = item.line + item.rest.count("\n", 0, place)
            yield Fault("hard-coded-credential", line, f"{name[:60]} is written here")
        elif names_credential(name) and re.match(r"\"?\$", value):
            yield Fault("secret-in-image", item.line, f"{name[:60]} stays in the image")


def _copied(item: _Instruction) -> Iterator[Fault]:
    rest, flags = item.rest, []
    while match := _FLAG.match(rest):
        flags.append(match[1])
        rest = rest[match.end() :]
    sources = re.findall(r"\"([^\"]*)\"", rest) if rest.startswith("[") else rest.split()
    for source in sources[:-1]:
        if item.word == "add" and re.match(r"(?i)(?:https?|git)://|git@", source) and "checksum" not in flags:
            yield Fault("unverified-download", item.line, f"{source[:80]} is whatever it answers that day")
        elif _PRIVATE.search(source) and "from" not in flags:
            yield Fault("secret-in-image", item.line, f"{source[:80]} becomes part of the image")


def _run(item: _Instruction) -> Iterator[Fault]:
    rest = item.rest
    while match := _FLAG.match(rest):
        if match[1] == "security" and match[2] == "insecure":
            yield Fault("privileged-container", item.line, "the step may do all that the machine may")
        if match[1] == "network" and match[2] == "host":
            yield Fault("host-access", item.line, "the step has the network of the machine")
        rest = rest[match.end() :]
    lost = item.rest[: len(item.rest) - len(rest)].count("\n")
    script = item.heredoc or ("" if rest.lstrip().startswith("[") else _script(rest))
    first = item.heredoc_line or item.line + lost
    yield from shell_rules.faults(script, first)
    for pattern, mark in _UNPINNED:
        for match in pattern.finditer(script.replace("\\\n", "  ")):
            names = [word for word in match[1].split() if not word.startswith(("-", "$", '"$', "/", "."))]
            if names and not _FROM_FILES.search(match[1]) and not all(mark in name[1:] for name in names):
                yield Fault("unpinned-packages", item.line, f"{names[0][:40]} comes in any version")


def _script(rest: str) -> str:
    """Return the shell's part of an instruction: comments between continued lines are no part of it."""
    return "\n".join("\\" if line.strip() == "\\" else line for line in rest.split("\n"))
