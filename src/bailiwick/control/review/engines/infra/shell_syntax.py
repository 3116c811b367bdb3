"""Shell scripts as commands: names, words, what the words expand, and which variables hold what."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ast_grep_py import SgNode, SgRoot

_WRAPPERS = frozenset(
    "sudo doas env nohup time exec command builtin nice ionice stdbuf setsid timeout xargs chroot".split()
)
_TAKES_VALUE = frozenset({"-u", "-g", "-n", "-I", "-i", "-P", "-L", "-d", "-s", "-k", "-C", "-h", "-p"})
_EXPANSIONS = frozenset({"simple_expansion", "expansion"})
_WORDS = frozenset({"word", "string", "raw_string", "concatenation", "simple_expansion", "expansion", "number",
                    "command_substitution", "process_substitution", "ansi_c_string", "translated_string",
                    "arithmetic_expansion", "brace_expression"})  # fmt: skip
_TEMPORARY = re.compile(r"^\"?\$\(mktemp[^()|;&]*\)\"?$")
_NOT_PLAIN = frozenset(" *?[\t\n")
_OUTSIDE = frozenset({"@", "*", "#", "?", "!", "0"})


@dataclass(frozen=True, slots=True)
class Expansion:
    """A variable that a word expands: its name, whether in quotes, and whether an empty one is refused or replaced."""

    name: str
    quoted: bool
    guarded: bool


@dataclass(frozen=True, slots=True)
class Word:
    """An argument. `literal` is its value where nothing in it is expanded."""

    node: SgNode
    text: str
    literal: str | None

    @property
    def expansions(self) -> list[Expansion]:
        """What it expands, without what stands in commands inside of it."""
        return list(_expansions(self.node))

    @property
    def inner(self) -> list["Command"]:
        """The commands whose output is part of it."""
        return [command for node in substitutions(self.node) for command in commands(node)]


@dataclass(frozen=True, slots=True)
class Command:
    """A command without its wrappers (`sudo`, `env`, `xargs`); `wrappers` says which it had."""

    name: str
    words: tuple[Word, ...]
    wrappers: tuple[str, ...]
    line: int
    node: SgNode

    @property
    def flags(self) -> tuple[str, ...]:
        """Its words that are options."""
        return tuple(word.text for word in self.words if word.text.startswith("-"))

    def has(self, *flags: str) -> bool:
        """Say whether it has one of these options; single letters also where several stand together."""
        short = {flag[1] for flag in flags if len(flag) == len("-x")}
        return any(
            item.split("=")[0] in flags or (item[:2] != "--" and bool(short & set(item[1:]))) for item in self.flags
        )


class Script:
    """A parsed script."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root = SgRoot(text, "bash").root()
        self.commands = list(commands(self.root))
        self.broken = self.root.find(kind="ERROR") is not None
        self._assigned: dict[str, list[SgNode]] = {}
        for node in self.root.find_all(kind="variable_assignment"):
            parts = node.children()
            self._assigned.setdefault(parts[0].text().partition("[")[0], []).append(node)
        self._loops = frozenset(_loops(self.root))
        self._constant: dict[str, bool] = {}
        self._outside: dict[str, bool] = {}
        self._read = {
            word.text for command in self.commands if command.name in {"read", "mapfile"} for word in command.words
        }
        self.strict = "-u" in text.split("\n", 1)[0] or any(
            command.name == "set" and (command.has("-u") or any(word.text == "nounset" for word in command.words))
            for command in self.commands
        )

    def assignments(self) -> Iterator[tuple[str, str | None, int]]:
        """Yield each assignment: the name, the value if it is constant, and the line."""
        for name, nodes in self._assigned.items():
            for node in nodes:
                yield name, _assigned_literal(node), line_of(node)

    def constant(self, name: str) -> bool:
        """Say whether a variable only ever holds values that are written here, none empty, blank or a pattern."""
        if name not in self._constant:
            values = [_assigned_literal(node) for node in self._assigned.get(name, ())]
            plain = all(value and not set(value) & _NOT_PLAIN for value in values)
            self._constant[name] = (plain and bool(values) and name not in self._read) or name in self._loops
        return self._constant[name]

    def outside(self, name: str, depth: int = 8) -> bool:
        """Say whether a variable may hold what somebody else chose: arguments, environment, input, output."""
        if name in self._read or name in _OUTSIDE or name.isdigit() or depth <= 0:
            return True
        if name not in self._outside:
            self._outside[name] = False  # what it takes from itself adds nothing
            nodes = self._assigned.get(name)
            if nodes is None:
                self._outside[name] = name not in self._loops
            else:
                self._outside[name] = any(self._from_outside(node, depth) for node in nodes)
        return self._outside[name]

    def _from_outside(self, node: SgNode, depth: int) -> bool:
        if next(substitutions(node), None) is not None:
            return True
        return any(self.outside(item.name, depth - 1) for item in _expansions(node))


def _loops(root: SgNode) -> Iterator[str]:
    """Yield the variables that go over a list of constants."""
    for node in root.find_all(kind="for_statement"):
        parts = node.children()
        items = [literal(part) for part in parts[2:] if part.kind() in _WORDS]
        if len(parts) > 1 and items and all(item and not set(item) & _NOT_PLAIN for item in items):
            yield parts[1].text()


def line_of(node: SgNode) -> int:
    """Return the line on which a node begins, from 1."""
    return node.range().start.line + 1


def commands(root: SgNode) -> Iterator[Command]:
    """Yield every command below a node, in order."""
    for node in root.find_all(kind="command"):
        if found := command_of(node):
            yield found


def command_of(node: SgNode) -> Command | None:
    """Return a node of kind `command` as one; nothing where there is only an assignment."""
    words: list[Word] = []
    for part in node.children():
        kind = part.kind()
        if kind == "command_name":
            words += [_word(inner) for inner in part.children()]
        elif kind in _WORDS:
            words.append(_word(part))
    wrappers: list[str] = []
    while words and _name(words[0]) in _WRAPPERS:
        wrappers.append(_name(words.pop(0)))
        while words and (words[0].text.startswith("-") or "=" in words[0].text or words[0].text.isdigit()):
            option = words.pop(0).text
            if option in _TAKES_VALUE and words and wrappers[-1] != "timeout":
                words.pop(0)
    if not words and not wrappers:
        return None
    name = _name(words[0]) if words else wrappers[-1]
    return Command(name, tuple(words[1:]), tuple(wrappers), line_of(node), node)


def _name(word: Word) -> str:
    return (word.literal if word.literal is not None else word.text).rpartition("/")[2]


def _word(node: SgNode) -> Word:
    return Word(node, node.text(), literal(node))


def literal(node: SgNode) -> str | None:
    """Return the value of a word in which nothing is expanded, else nothing."""
    kind = node.kind()
    if kind in {"word", "number", "string_content", "variable_name"}:
        return node.text().replace("\\", "")
    if kind in {"raw_string", "ansi_c_string"}:
        return node.text().lstrip("$")[1:-1]
    if kind in {"string", "concatenation", "command_name"}:
        pieces = [literal(part) for part in node.children() if part.kind() != '"']
        return None if None in pieces else "".join(piece or "" for piece in pieces)
    return None


def _assigned_literal(node: SgNode) -> str | None:
    parts = node.children()
    if len(parts) < 3:  # noqa: PLR2004 - name, sign, value
        return ""
    # What mktemp says has no blanks and is never empty.
    return "mktemp" if _TEMPORARY.match(parts[2].text()) else literal(parts[2])


def substitutions(node: SgNode) -> Iterator[SgNode]:
    """Yield the outermost commands whose output a word takes."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if part.kind() in {"command_substitution", "process_substitution"}:
            yield part
        else:
            waiting += part.children()


def _expansions(node: SgNode) -> Iterator[Expansion]:
    waiting = [(node, False)]
    while waiting:
        part, quoted = waiting.pop()
        kind = part.kind()
        if kind in _EXPANSIONS:
            yield _expansion(part, quoted)
        elif kind not in {"command_substitution", "process_substitution", "arithmetic_expansion"}:
            inside = quoted or kind in {"string", "heredoc_body"}
            waiting += [(inner, inside) for inner in reversed(part.children())]


def _expansion(node: SgNode, quoted: bool) -> Expansion:
    text = node.text()
    name = text.strip("${}").lstrip("!#")
    end = next((place for place, sign in enumerate(name) if not (sign.isalnum() or sign == "_")), len(name))
    operator = name[end:]
    counted = text.startswith("${#")
    if not end and name:
        end = 1
    guarded = counted or operator.startswith((":?", "?", ":-", "@Q", "@E"))
    return Expansion(name[:end], quoted or counted or operator.startswith("@Q"), guarded)
