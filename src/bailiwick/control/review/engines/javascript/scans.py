"""Faults that show in the text of one file: names that hold what they should not, comparisons, missing checks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from bailiwick.control.review.engines.javascript.syntax import Node, Source
from bailiwick.control.review.engines.python.patterns.regexes import is_slow

_CREDENTIAL = (
    r"passw(?:or)?d|passwd|passphrase|secret|api_?key|private_?key|(?:access|auth|jwt|session|refresh)_?(?:token|key)"
)
_HOLDS_SECRET = re.compile(rf"(?i)(?:^|_|[a-z])(?:{_CREDENTIAL})$")
_ENVIRONMENT_SECRET = re.compile(
    r"^(?:process\.env|import\.meta\.env|Deno\.env|Bun\.env)\b.*(?:SECRET|KEY|PASSWORD|TOKEN|PASS|SALT)"
)
_PUBLIC_SECRET = re.compile(
    r"^(?:process|import\.meta)\.env\.(?:NEXT_PUBLIC|VITE|REACT_APP|NUXT_PUBLIC|EXPO_PUBLIC|PUBLIC|GATSBY)_"
    r"\w*(?:SECRET|PRIVATE|PASSWORD|SERVICE_ROLE|OPENAI|ANTHROPIC|DATABASE_URL|STRIPE_SK)"
)
_RANDOM_FOR = re.compile(
    r"(?i)token|secret|passw|otp|nonce|salt|csrf|session_?(?:id|key)|api_?key|reset|verif|invit|activation|one_?time"
    r"|pin_?code"
    r"|(?:^|_)(?:pin|sid|auth)(?:$|_|[A-Z])|auth_?code|access_?code|2fa|mfa"
)
_PLACEHOLDER = re.compile(
    r"(?i)^(?:password|passwd|secret|token|apikey|api[_-]key|current-password|new-password|text|string|hidden|required|"
    r"true|false|none|null|test|\*+|x+|<.*>|\$\{.*|your[-_ ].*|change.?me.*|.*example.*|.*placeholder.*|enter .*)$"
)
_VALUE = re.compile(r"^[\x21-\x7e]{6,200}$")
_NOT_A_VALUE = re.compile(
    r"^(?:https?://|/|\.|#|--)|[{}<>()\[\]]|^[a-z]+(?:[A-Z][a-z]+)+$|^[A-Z][a-z]+$|^[a-z]+(?:[-_:.][a-z]+)+$"
)
_COMPARED = re.compile(
    r"(?i)(?:signature|hmac|digest|api_?key|(?:^|_|\.)secret|webhook_?secret|(?:password|token)_?hash)$"
)
_LOGS = re.compile(r"(?i)^(?:console|log|logger|winston|pino)$")
_LOGGED = re.compile(
    r"(?i)^(?:password|passwd|pwd|passphrase|secret|\w*secret|\w*password|(?:access|refresh|auth|id)?_?token|api_?key|"
    r"credit_?card\w*|card_?number|ssn|cvv|private_?key|session_?secret)$"
)
_NO_SECRET = re.compile(
    r"NEXT_PUBLIC|VITE_|REACT_APP|PUBLISHABLE|PUBLIC_KEY|KEY_ID|TOKEN_(?:URL|EXPIR|TTL|LIFE)|_EXPIR|_TTL|_NAME$|_PATH$"
)
_LITERALLY = re.compile(r"(?i)(?:^|\.|_)(?:password|passwd|pwd|api_?key|secret)$")
_OWN_ESCAPE = re.compile(r"(?i)^(?:mustache|handlebars\.utils|ejs|hogan)\.(?:escape\w*)$")
_MERGES = re.compile(r"(?i)merge|extend|assign|copy|clone|defaults|set")
_SHORTEST = 4
_LONGEST_PATTERN = 500
_FLAGS = frozenset({"0", "'0'", '"0"', "false", "'false'"})
_FUNCTIONS = frozenset({"arrow_function", "function_expression", "function_declaration", "method_definition"})


@dataclass(frozen=True, slots=True)
class Seen:
    """A fault that the text shows, at a node."""

    rule: str
    node: Node
    words: str
    worse: int = 0


@dataclass
class _File:
    """A file that is scanned, with what is asked of it as a whole."""

    root: Node

    @cached_property
    def functions(self) -> dict[str, Node]:
        """The functions of the file by the names that they have, wherever they stand."""
        return _functions(self.root)


def scan(source: Source) -> Iterator[Seen]:
    """Yield the faults that the text of a file shows by itself."""
    tests = re.search(
        r"(?:^|/)(?:tests?|__tests__|specs?|e2e|cypress|fixtures|mocks?)/|\.(?:test|spec|stories)\.", source.path
    )
    file = _File(source.root)
    waiting: list[tuple[Node, str]] = [(source.root, "")]
    while waiting:
        node, named = waiting.pop()
        named = _name_of(node) or named
        yield from _at(node, named, file, in_test=tests is not None)
        waiting.extend((child, named) for child in reversed(node.children))


def _slow(node: Node) -> Iterator[Seen]:
    pattern = node.get("pattern")
    if pattern is not None and len(pattern.text) <= _LONGEST_PATTERN and is_slow(_as_python(pattern.text)):
        yield Seen("slow-pattern", node, f"/{pattern.text[:80]}/ takes exponential time on some texts")


def _as_python(pattern: str) -> str:
    """Return a pattern as Python writes it; what differs is names of groups, and slashes that are escaped."""
    return re.sub(r"\(\?<(?![=!])", "(?P<", pattern).replace("\\/", "/")


def _name_of(node: Node) -> str:
    """Return the name under which what a node makes is kept."""
    match node.kind:
        case "variable_declarator" | "function_declaration" | "method_definition":
            name = node.get("name")
        case "pair":
            name = node.get("key")
        case "assignment_expression":
            left = node.get("left")
            name = left.get("property") or left if left is not None else None
        case "field_definition" | "public_field_definition":
            name = node.get("property") or node.get("name")
        case _:
            return ""
    return name.text.strip("'\"") if name is not None else ""


def _at(node: Node, named: str, file: _File, *, in_test: bool) -> Iterator[Seen]:
    match node.kind:
        case "call_expression":
            yield from _call(node, named, file)
        case "variable_declarator" | "pair" | "assignment_expression":
            if not in_test:
                yield from _kept(node)
            yield from _switched_off(node)
        case "binary_expression":
            yield from _binary(node, in_test=in_test)
        case "member_expression" if _PUBLIC_SECRET.match(node.text[:200]):
            yield Seen("secret-in-browser", node, f"{node.text[:80]} is built into what every browser loads")
        case "for_in_statement":
            yield from _own_merge(node)
        case "regex" if not in_test:
            yield from _slow(node)


def _call(node: Node, named: str, file: _File) -> Iterator[Seen]:
    function = node.get("function")
    if function is None or function.kind not in {"member_expression", "identifier"}:
        return
    name = function.get("property")
    owner = function.get("object")
    if function.text == "Math.random" and _RANDOM_FOR.search(named):
        yield Seen("weak-randomness", node, f"Math.random can be foretold, and {named[:60]} must not be")
    arguments = node.get("arguments")
    given = arguments.children if arguments is not None else []
    if owner is not None and _LOGS.match(owner.text[-20:]) and name is not None:
        yield from _logged(given)
    if name is None or owner is None:
        method, whose = function.text, ""
    else:
        method, whose = name.text, owner.text
    on_window = method == "addEventListener" and whose in {"", "window", "globalThis"} and len(given) > 1
    if on_window and given[0].text.strip("'\"`") == "message":
        handler = file.functions.get(given[1].text) if given[1].kind == "identifier" else given[1]
        yield from (replace(seen, node=node) for seen in _listener(handler or given[1]))


def _functions(root: Node) -> dict[str, Node]:
    """Return the functions of a file by the names that they have, wherever they stand."""
    found: dict[str, Node] = {}
    for node in root.walk():
        name = node.get("name") if node.kind in {"function_declaration", "variable_declarator"} else None
        function = node if node.kind == "function_declaration" else node.get("value")
        if name is not None and function is not None:
            found.setdefault(name.text, function)
    return found


def _logged(given: list[Node]) -> Iterator[Seen]:
    for argument in given:
        parts = [argument] if argument.kind in {"identifier", "member_expression"} else [
            child.children[0]
            for child in argument.children
            if child.kind == "template_substitution" and child.children
        ]  # fmt: skip
        for part in parts:
            name = part.get("property") or part
            if part.kind in {"identifier", "member_expression"} and _LOGGED.match(name.text):
                yield Seen("sensitive-data-logged", part, f"{part.text[:80]} is written into the log")


def _listener(handler: Node) -> Iterator[Seen]:
    if handler.kind not in _FUNCTIONS:
        return
    kinds = {"property_identifier", "shorthand_property_identifier_pattern"}
    names = {inner.text for inner in handler.walk() if inner.kind in kinds}
    if "data" in names and not names & {"origin", "source"}:
        yield Seen("message-origin-not-checked", handler, "the message is taken from any window")


def _kept(node: Node) -> Iterator[Seen]:
    """A credential that stands in the code under its name, or as what is taken where the environment has none."""
    value = node.get("value") or node.get("right")
    name = _name_of(node)
    if value is None:
        return
    if value.kind == "string" and _HOLDS_SECRET.search(name) and _is_credential(value.text[1:-1], name):
        yield Seen("hard-coded-credential", node, f"{name[:60]} stands in the code")


def _is_credential(text: str, name: str) -> bool:
    if not _VALUE.match(text) or _PLACEHOLDER.match(text) or _NOT_A_VALUE.search(text):
        return False
    if name.isupper() and name.endswith("_KEY") and re.fullmatch(r"[a-zA-Z_.-]+", text):
        return False  # the name under which something is stored
    return text.lower().replace("_", "") != name.lower().replace("_", "")


def _switched_off(node: Node) -> Iterator[Seen]:
    left, right = node.get("left"), node.get("right")
    if left is None or right is None:
        return
    if left.text.endswith("NODE_TLS_REJECT_UNAUTHORIZED") and right.text in _FLAGS:
        yield Seen("certificate-not-verified", node, "the whole process takes any certificate")
    if _OWN_ESCAPE.match(left.text) and _gives_back(right):
        yield Seen("autoescape-off", node, "values are put into pages as they are")
    if left.text in {"window.onmessage", "onmessage"} and left.text.startswith("window"):
        yield from _listener(right)


def _gives_back(function: Node) -> bool:
    """Return whether a function gives back what it gets, and does nothing with it."""
    if function.kind not in _FUNCTIONS:
        return False
    given = function.get("parameter") or function.get("parameters")
    body = function.get("body")
    if given is None or body is None:
        return False
    inner = body.children[0] if body.kind == "statement_block" and len(body.children) == 1 else body
    answer = inner.children[0] if inner.kind == "return_statement" and inner.children else inner
    return answer.kind == "identifier" and answer.text == given.text.strip("() ").partition(":")[0].strip()


def _binary(node: Node, *, in_test: bool) -> Iterator[Seen]:
    left, right, operator = node.get("left"), node.get("right"), node.get("operator")
    if left is None or right is None or operator is None:
        return
    secret = operator.text in {"||", "??"} and _ENVIRONMENT_SECRET.match(left.text[:200]) and not in_test
    if secret and right.kind == "string" and len(right.text) > _SHORTEST and not _NO_SECRET.search(left.text):
        yield Seen("hard-coded-credential", node, f"{right.text[:6]}… is taken where {left.text[:60]} is not set")
    if operator.text in {"===", "!==", "==", "!="}:
        yield from _compared(node, left, right)


def _compared(node: Node, left: Node, right: Node) -> Iterator[Seen]:
    for one, other in ((left, right), (right, left)):
        name = one.get("property") or one
        if one.kind not in {"identifier", "member_expression"}:
            continue
        if other.kind == "string":
            if (
                _LITERALLY.search(name.text)
                and len(other.text) > _SHORTEST
                and not _PLACEHOLDER.match(other.text[1:-1])
            ):
                yield Seen("hard-coded-credential", node, f"{name.text[:40]} is compared with one in the code")
                return
        elif other.kind in {
            "identifier",
            "member_expression",
            "call_expression",
            "template_string",
            "subscript_expression",
        }:
            secret = _COMPARED.search(name.text) or re.match(
                r"process\.env\.\w*(?:SECRET|KEY|TOKEN|PASSWORD)$", one.text
            )
            if secret and other.text not in {"undefined", "null"} and not _same_kind(one, other):
                yield Seen("timing-comparison", node, f"{one.text[:60]} is compared character by character")
                return


def _same_kind(one: Node, other: Node) -> bool:
    """Return whether two of the same form are compared: `file.hash === other.hash`, an entry that is repeated."""
    first, second = one.get("property") or one, other.get("property") or other
    return first.text == second.text or "confirm" in (one.text + other.text).lower() or other.text.isupper()


def _own_merge(node: Node) -> Iterator[Seen]:
    """A merge that goes down into objects by keys from the one that is merged, and stops at no name."""
    left, body = node.get("left"), node.get("body")
    if left is None or body is None:
        return
    key = left.text.strip("[] ").split(",")[0].strip()
    if not re.fullmatch(r"\w+", key):
        return
    deep = None
    for inner in body.walk():
        if inner.kind == "string" and inner.text.strip("'\"`") in {"__proto__", "constructor"}:
            return
        if inner.kind == "call_expression":
            arguments = inner.get("arguments")
            first = arguments.children[0] if arguments is not None and arguments.children else None
            if first is not None and first.kind == "subscript_expression" and first.text.endswith(f"[{key}]"):
                function = inner.get("function")
                if function is not None and _MERGES.search(function.text):
                    deep = deep or first.text
    for inner in body.walk():
        if inner.kind == "assignment_expression" and deep:
            target, value = inner.get("left"), inner.get("right")
            if (
                target is not None
                and target.text == deep
                and value is not None
                and value.kind == "subscript_expression"
            ):
                yield Seen(
                    "prototype-pollution", inner, "a key of the merged object is written, and __proto__ is one, too"
                )
                return
