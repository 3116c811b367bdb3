"""Credentials that stand in the code: what a name says that it holds, and whether the text beside it can be that."""

import ast
import re
from collections.abc import Iterator

from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.patterns.definitions import defaults
from bailiwick.control.review.engines.python.patterns.naming import is_password, is_secret, label, parts
from bailiwick.control.review.engines.python.patterns.outline import Function
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.engines.python.patterns.watch import Watch, calls, nodes
from bailiwick.control.review.model import Finding

_SIGNING = (
    ("secret", "key"), ("jwt", "secret"), ("signing", "key"), ("jwt", "key"), ("session", "secret"), ("app",
    "secret"), ("cookie", "secret"), ("encryption", "key"), ("fernet", "key"), ("hmac", "key"), ("jwt", "secret",
    "key"), ("token", "secret"), ("webhook", "secret"), ("secretkey",), ("auth", "secret"), ("hmac", "secret",
))  # fmt: skip
_PLACEHOLDER = re.compile(
    r"(?i)^(?:x{3,}|[*.\-_•]+|<.*>|\$\{.*|\{\{.*|%\(?.*\)?s|\{\w*\}|\[.*\]"
    r"|(?:your|my|the|some|insert|enter|replace|put|add|paste|set)[-_ ].*"
    r"|.*(?:placeholder|goes[-_ ]here|[-_ ]here$|redacted|fixme).*"
    r"|todo|tbd|none|null|nil|undefined|n/?a|true|false|yes|no|optional|required|string|str|int|bytes|bearer|basic|jwt|oauth2?"
    r"|cookie|session|header|hidden|text|unset"
    r"|not[-_ ]?set|not[-_ ]used|env|file|vault|auto|default|empty|unknown|invalid|missing"
    r"|authorization|credentials?|sha\d+|hs\d+|rs\d+|es\d+|access|refresh|id|csrf|api|\w*[-_]?(?:api[-_]?)?(?:key|token|secret|password|passwd|pwd)s?)$"
)
_NOT_SECRET = re.compile(
    r"^(?:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|(?:https?|file|urn|arn|ssm|vault|secretsmanager|projects)[:/].*|/[\w./-]*|\.{1,2}/.*"
    r"|X-[\w-]+|aws_\w+|AWS[A-Z]\w+|[A-Z][a-z]+(?:-[A-Z][a-z]+)+|[a-z_]+(?:[.:][a-z_]+)+|\w+\.(?:json|ya?ml|toml|txt|pem|key|env|html?|py|csv))$"
)
_FIELD_WORDS = frozenset({
    "password", "passwd", "pwd", "secret", "token", "key", "api", "access", "refresh", "user", "auth", "csrf",
    "id", "x", "session", "bearer", "reset", "login", "client", "private", "public", "jwt", "webhook",
    "middleware", "confirm", "new", "old", "current", "field", "input", "form", "app", "hash", "hashed", "verify",
    "email", "invite", "magic", "push", "device", "plain", "text",
})  # fmt: skip
_LOOKUPS = frozenset({
    "os.environ.get", "os.getenv", "environ.get", "getenv", "decouple.config", "config", "env", "env.str",
    "os.environ.setdefault", "config.get", "app.config.get", "environ",
})  # fmt: skip
_NOT_GIVEN = frozenset({
    "gettext", "_", "Field", "label", "Column", "StringField", "PasswordField", "CharField", "getattr",
    "namedtuple", "ngettext", "format", "dict_row",
})  # fmt: skip
_TESTS = re.compile(r"(?:^|/)(?:tests?/|test_|conftest\.py$)|_test\.py$")
_ACCOUNTS = re.compile(
    r"(?i)^_?(?:users|accounts|credentials|passwords|logins|user_db|users_db|fake_users(?:_db)?|valid_users|admins)$"
)
_NAMES_ONLY = frozenset({"Enum", "StrEnum", "TextChoices", "str", "IntEnum"})
_SHORTEST = {"password": 3, "secret": 8, "signing": 1}


def kind_of(name: str) -> str:
    """Return what a name says that it holds: a password, a key that signs, or another secret; or nothing."""
    words = tuple(parts(name))
    if any(words[start : start + len(form)] == form for form in _SIGNING for start in range(len(words))):
        return "signing" if is_secret(name) or "secret" in words or "key" in words[-1:] else ""
    if is_password(name):
        return "password"
    return "secret" if is_secret(name) else ""


def can_be(text: str, kind: str) -> bool:
    """Return whether a text can be a credential of a kind, rather than a placeholder, a name or words for people."""
    text = text.strip()
    if len(text) < _SHORTEST[kind] or len(text) > 512 or any(mark in text for mark in "\n\t"):
        return False
    if kind == "signing":
        # A word that everybody knows signs as well as one's own: it is no secret for anybody.
        return not _NOT_SECRET.match(text) and not re.match(r"^(?:\$\{|\{\{|<|\*+$|%\()", text) and text.count(" ") < 3
    if " " in text or _PLACEHOLDER.match(text) or _NOT_SECRET.match(text) or set(parts(text)) <= _FIELD_WORDS:
        return False
    if kind == "password":
        return True
    return (
        any(letter.isdigit() for letter in text) or bool(re.search(r"[a-z][A-Z]|[!@#$%^&*+/=]", text)) or len(text) > 19
    )


def assigned(view: View, node: ast.Assign | ast.AnnAssign) -> Iterator[Finding]:
    """A credential that is given to a variable, field or key."""
    if node.value is None or _names_things(view, node):
        return
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            for one, value in zip(target.elts, node.value.elts, strict=False):
                yield from _judged(view, node, label(one), value)
        else:
            yield from _judged(view, node, label(target), node.value)
        if _ACCOUNTS.match(label(target)) and isinstance(node.value, ast.Dict):
            yield from _accounts(view, node.value)


def _judged(view: View, node: ast.AST, name: str, value: ast.expr | None, words: str = "") -> Iterator[Finding]:
    kind = kind_of(name)
    if not kind or value is None:
        return
    for text in _written(view, value):
        if can_be(text, kind) and parts(text) != parts(name):
            worse = -2 if _TESTS.search(view.path) and kind != "signing" else 0
            yield view.finding("hard-coded-credential", node, words or f"{name} stands in the code", worse)
            return


def _written(view: View, value: ast.expr) -> list[str]:
    """Return the texts of a value that stand in this very expression, put together or not."""
    if isinstance(value, ast.Constant):
        return view.texts(value)
    if isinstance(value, ast.BoolOp):
        return [text for item in value.values for text in _written(view, item)]
    if isinstance(value, ast.IfExp):
        return [*_written(view, value.body), *_written(view, value.orelse)]
    if isinstance(value, ast.Call):
        called = view.name(value.func)
        if view.last(value.func) in {"encode", "decode"} and isinstance(value.func, ast.Attribute):
            return _written(view, value.func.value)
        if (
            called.rpartition(".")[2] in {"SecretStr", "SecretBytes", "str", "bytes", "b64decode", "fromhex"}
            and value.args
        ):
            return _written(view, value.args[0])
        if called.rpartition(".")[2] in {"Field", "field", "Form"}:
            default = view.argument(value, 0, "default")
            return _written(view, default) if default is not None else []
        return []
    if isinstance(value, ast.BinOp | ast.JoinedStr) and not any(isinstance(item, ast.Name) for item in ast.walk(value)):
        return view.texts(value)
    return []


def _names_things(view: View, node: ast.AST) -> bool:
    """Return whether an assignment is a member of an enumeration."""
    around = view.parents.get(node)
    return isinstance(around, ast.ClassDef) and any(view.last(base) in _NAMES_ONLY for base in around.bases)


def _accounts(view: View, node: ast.Dict) -> Iterator[Finding]:
    """A table of people and their passwords."""
    for key, value in zip(node.keys, node.values, strict=True):
        if isinstance(key, ast.Constant) and isinstance(value, ast.Constant) and isinstance(value.value, str):
            if (
                can_be(value.value, "password")
                and not value.value.startswith(("$2", "$argon2", "pbkdf2", "scrypt"))
                and not kind_of(str(key.value))
            ):
                if re.search(r"\d|[!@#$%^&*]", value.value) or value.value == key.value:
                    yield view.finding(
                        "hard-coded-credential", value, f"a password of '{key.value!s}' stands in the code"
                    )


def in_dictionary(view: View, node: ast.Dict) -> Iterator[Finding]:
    """A credential that is the value of a key; labels and kinds of fields are none."""
    for key, value in zip(node.keys, node.values, strict=True):
        if (
            isinstance(key, ast.Constant)
            and isinstance(key.value, str)
            and isinstance(value, ast.Constant | ast.Call | ast.BoolOp)
        ):
            texts = _written(view, value)
            kind = kind_of(key.value)
            strong = any(re.search(r"\d|[!@#$%^&*+/=]", text) or _opens(node) for text in texts)
            if kind and strong:
                yield from _judged(view, value, key.value, value)


def _opens(node: ast.Dict) -> bool:
    """Return whether a dictionary describes a connection."""
    keys = {str(key.value).lower() for key in node.keys if isinstance(key, ast.Constant)}
    return bool(keys & _CONNECTION_KEYS)


def in_defaults(view: View, node: Function) -> Iterator[Finding]:
    """A credential that a parameter has when nobody gives one."""
    for name, value in defaults(node).items():
        yield from _judged(view, value, name, value)


# Calls whose argument at a place is a credential whatever its name.
_PLACES: dict[str, tuple[int, str]] = {
    "jwt.encode": (1, "signing"), "jwt.decode": (1, "signing"), "jose.jwt.encode": (1, "signing"),
    "jose.jwt.decode": (1, "signing"), "hmac.new": (0, "signing"), "hmac.digest": (0, "signing"),
    "itsdangerous.URLSafeTimedSerializer": (0, "signing"), "itsdangerous.URLSafeSerializer": (0, "signing"),
    "itsdangerous.Signer": (0, "signing"), "itsdangerous.TimestampSigner": (0, "signing"),
    "cryptography.fernet.Fernet": (0, "signing"), "requests.auth.HTTPBasicAuth": (1, "password"),
    "httpx.BasicAuth": (1, "password"), "aiohttp.BasicAuth": (1, "password"), "pymysql.connect": (2, "password"),
    "MySQLdb.connect": (2, "password"), "mysql.connector.connect": (2, "password"),
    "Crypto.Cipher.AES.new": (0, "signing"), "Cryptodome.Cipher.AES.new": (0, "signing"),
    "requests.auth.HTTPDigestAuth": (1, "password"),
    "cryptography.hazmat.primitives.ciphers.algorithms.AES": (0, "signing"),
    "cryptography.hazmat.primitives.ciphers.aead.AESGCM": (0, "signing"),
}  # fmt: skip
_CONNECTION_KEYS = frozenset(
    {"host", "hostname", "user", "username", "dbname", "database", "server", "client_id", "engine"}
)
_LOGINS = re.compile(r"^(?:smtplib|ftplib|imaplib|poplib)\.")


def in_call(view: View, call: ast.Call) -> Iterator[Finding]:
    """A credential that is passed on, by the keyword's name or because a function takes one there."""
    name, last = view.name(call.func), view.last(call.func)
    if name in _LOOKUPS or name.endswith((".environ.get", ".getenv", ".environ.setdefault")):
        yield from _fallback(view, call)
        return
    if last == "add_argument":
        flag = "".join(view.texts(call.args[0]) if call.args else [])
        yield from _judged(view, call, flag.lstrip("-"), view.argument(call, None, "default"))
        return
    if last not in _NOT_GIVEN:
        for keyword in call.keywords:
            if keyword.arg:
                yield from _passed(view, call, keyword.arg, keyword.value)
    if name in _PLACES:
        place, kind = _PLACES[name]
        yield from _at_place(view, call, view.argument(call, place, "key"), kind)
    elif last == "login" and isinstance(call.func, ast.Attribute) and _LOGINS.match(view.made_by(call.func.value)):
        yield from _at_place(view, call, view.argument(call, 1, "password", "passwd"), "password")
    pair = view.argument(call, None, "auth")
    if isinstance(pair, ast.Tuple) and len(pair.elts) == 2:
        yield from _at_place(view, call, pair.elts[1], "password")


def _passed(view: View, call: ast.Call, name: str, value: ast.expr) -> Iterator[Finding]:
    opens = view.last(call.func) in {
        "connect",
        "create_pool",
        "create_engine",
        "ConnectionPool",
        "Redis",
        "StrictRedis",
        "login",
    }
    if (
        opens
        and kind_of(name) == "password"
        and isinstance(value, ast.Constant)
        and view.texts(value) not in ([], [""])
    ):
        worse = -2 if _TESTS.search(view.path) else 0
        yield view.finding("hard-coded-credential", value, f"{name} stands in the code", worse)
    else:
        yield from _judged(view, value, name, value)


def _at_place(view: View, call: ast.Call, value: ast.expr | None, kind: str) -> Iterator[Finding]:
    if value is None or kind_of(label(value)):
        return  # said where the name is given its value
    values = view.values(value)
    texts = view.texts(value)
    if (
        texts
        and UNKNOWN not in values
        and any(can_be(text, kind) and "-----BEGIN PUBLIC" not in text for text in texts)
    ):
        worse = -2 if _TESTS.search(view.path) else 0
        yield view.finding("hard-coded-credential", call, "the credential that is used here stands in the code", worse)


def _fallback(view: View, call: ast.Call) -> Iterator[Finding]:
    key = "".join(view.texts(call.args[0]) if call.args else [])
    kind, default = kind_of(key), view.argument(call, 1, "default")
    if kind and default is not None and any(can_be(text, kind) for text in view.texts(default)):
        words = f"without {key} in the environment, a credential that stands in the code is used"
        yield view.finding("hard-coded-credential", call, words, worse=-1)


def compared(view: View, node: ast.Compare) -> Iterator[Finding]:
    """A credential that what was typed is compared with."""
    if len(node.ops) != 1 or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
        return
    for one, other in ((node.left, node.comparators[0]), (node.comparators[0], node.left)):
        if isinstance(other, ast.Constant) and isinstance(other.value, str):
            kind = kind_of(label(one))
            text = other.value
            if kind and re.search(r"\w{3}", text) and can_be(text, "password" if kind == "password" else "secret"):
                worse = -2 if _TESTS.search(view.path) else 0
                yield view.finding(
                    "hard-coded-credential", node, f"{label(one)} is compared with one that stands in the code", worse
                )


WATCHES: tuple[Watch, ...] = (
    calls(in_call),
    nodes(assigned, ast.Assign, ast.AnnAssign),
    nodes(in_dictionary, ast.Dict),
    nodes(in_defaults, ast.FunctionDef, ast.AsyncFunctionDef),
    nodes(compared, ast.Compare),
)
