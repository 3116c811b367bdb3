"""Packets of one's own: sockets below TCP and UDP, in Python and JavaScript. No sandbox gives them."""

import ast
import re
from collections.abc import Iterator

from bailiwick.control.review.engines.source import Lines, Syntax, code_only, syntax_of, text_of
from bailiwick.control.review.model import Change, Finding, Surroundings
from bailiwick.control.review.rules import rule
from bailiwick.core.artifacts import TreeFile

# Names of Python's socket module, and packages, that are for nothing else.
_NAMES = frozenset({"SOCK_RAW", "SOCK_PACKET", "AF_PACKET", "PF_PACKET", "AF_NETLINK", "AF_BLUETOOTH", "AF_CAN"})
_PACKAGES = frozenset({"scapy", "impacket", "pcapy", "pypcap", "pcap", "netfilterqueue"})
_SCRIPT = re.compile(r"(?:\bfrom|\brequire\s*\(|\bimport\s*\(?)\s*['\"](?:raw-socket|cap|pcap|node-pcap)['\"]")
_RAW = 3  # SOCK_RAW as a number (socket(2))


def reads(path: str) -> bool:
    """Say whether a file is Python or JavaScript."""
    return path.endswith((".py", ".pyw", ".js", ".mjs", ".cjs", ".ts", ".mts", ".jsx", ".tsx"))


def check(change: Change, _: Surroundings) -> Iterator[Finding]:
    """Yield a finding for each line that builds packets."""
    for file in change.files:
        if reads(file.path) and (text := text_of(file.content)) is not None:
            yield from _python(file, text) if syntax_of(file.path) is Syntax.PYTHON else _script(file, text)


def _python(file: TreeFile, text: str) -> Iterator[Finding]:
    if not any(name in text for name in (*_NAMES, *_PACKAGES, "socket")):
        return
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # others say that it does not parse
    lines = Lines(text)
    seen: set[int] = set()
    for node in ast.walk(tree):
        words = _words(node)
        line = getattr(node, "lineno", 0)
        if words and line not in seen:
            seen.add(line)
            yield Finding(rule("raw-sockets"), file.path, line, words, lines.line(line).strip()[:200])


def _words(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute) and node.attr in _NAMES:
        return f"{node.attr} is below TCP and UDP"
    if isinstance(node, ast.ImportFrom):
        if (node.module or "").split(".")[0] in _PACKAGES and not node.level:
            return f"{node.module} builds packets"
        named = next((item.name for item in node.names if item.name in _NAMES), "")
        return f"{named} is below TCP and UDP" if named and node.module == "socket" else ""
    if isinstance(node, ast.Import):
        found = next((item.name for item in node.names if item.name.split(".")[0] in _PACKAGES), "")
        return f"{found} builds packets" if found else ""
    return "a raw socket, by its number" if isinstance(node, ast.Call) and _is_raw_call(node) else ""


def _is_raw_call(node: ast.Call) -> bool:
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if called != "socket":
        return False
    kinds = [*node.args[1:2], *(item.value for item in node.keywords if item.arg == "type")]
    return any(isinstance(kind, ast.Constant) and kind.value == _RAW for kind in kinds)


def _script(file: TreeFile, text: str) -> Iterator[Finding]:
    lines = Lines(text)
    code = code_only(text, Syntax.SLASH)
    for match in _SCRIPT.finditer(text):
        if code[match.start()] == text[match.start()]:
            number, _ = lines.at(match.start())
            shown = lines.line(number).strip()[:200]
            yield Finding(rule("raw-sockets"), file.path, number, f"{match[0][-30:]} builds packets", shown)
