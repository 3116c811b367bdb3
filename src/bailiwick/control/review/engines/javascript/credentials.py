"""Passwords that are kept as they came or hashed fast, and tokens that are read without a look at their signature."""

import re
from typing import TYPE_CHECKING

from bailiwick.control.review.engines.javascript.syntax import Node
from bailiwick.control.review.engines.javascript.values import Value, deep_taints
from bailiwick.control.review.engines.javascript.words import text_of

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.calls import Call
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter

_PASSWORD = re.compile(r"(?i)(?:^|\.|_)(?:\w*passw(?:or)?d|pwd|passphrase)$")
_FAST = re.compile(
    r"^(?:crypto\.createHash\(\)\.update|crypto\.hash|md5|sha1|js-md5|js-sha\w+(?:\.sha\w+)?|blueimp-md5|sha\.js"
    r"|(?:crypto-js|CryptoJS)[./]\w*(?:MD5|SHA\d+|md5|sha\d+))$"
)
_KEEPS = frozenset({"create", "insertOne", "insert", "build", "save", "insertMany"})
_ASKS = frozenset({"query", "execute", "get", "run", "all", "one", "none", "oneOrNone"})
_WRITES = re.compile(r"(?is)^\s*insert\s+into\s+\S*(?:user|account|member|customer|login|admin)\S*\s*\(")
_COMPARES = re.compile(r"(?is)\bwhere\b.*\bpass(?:word|wd)?\s*=\s*(?:\?|\$\d|[:@]\w+)")
_HASHES = re.compile(
    r"(?i)bcrypt|argon2|scrypt|pbkdf2|passport-local-mongoose|hash_?password|password_?hash\b|gen_salt|crypt\("
)
_SIGNATURE = re.compile(r"(?i)verif|createHmac|createVerify|jwks|timingSafeEqual")
_IN_PARTS = re.compile(r"""split\s+['"]\.['"]""")
_ENCODED = re.compile(r"base64|\batob\b")


def check_call(run: "Interpreter", call: "Call") -> None:
    """Report a password that is hashed by what is fast, or kept as it came; and a token that nobody verifies."""
    if _FAST.match(call.symbol):
        named = any(_PASSWORD.search(node.text) for node in call.nodes[:2])
        if named or any(_passwords(value) for value in call.values):
            run.report(
                "weak-password-storage",
                call.at,
                call.scope,
                f"{call.symbol.replace('()', '')} is fast, and here it hashes a password",
            )
    if call.method in _KEEPS:
        _check_kept(run, call)
    if call.method in _ASKS:
        _check_query(run, call)
    if call.symbol == "JSON.parse":
        _check_token(run, call)


def _passwords(value: Value) -> bool:
    return any(taint.kind == "request" and _PASSWORD.search(taint.key) for taint in deep_taints(value))


def _check_kept(run: "Interpreter", call: "Call") -> None:
    """An object with a password, in an app that hashes none anywhere: not in a hook of a model, either."""
    kept = [
        value for thing in call.argument(0).things for name, value in thing.fields.items() if _PASSWORD.search(name)
    ]
    if any(_passwords(value) for value in kept) and not run.says_anywhere(_HASHES):
        run.report("weak-password-storage", call.at, call.scope, "a password is kept as it came")


def _check_query(run: "Interpreter", call: "Call") -> None:
    query = call.argument(0).text() or call.argument(0).prefix
    asks = _COMPARES.search(query)
    if not (asks or _WRITES.match(query)) or _HASHES.search(query):
        return
    if any(_passwords(value) for value in call.values):
        message = "a password is compared with one that is kept as it came" if asks else "a password is kept as it came"
        run.report("weak-password-storage", call.at, call.scope, message)


def _check_token(run: "Interpreter", call: "Call") -> None:
    """`JSON.parse(atob(token.split('.')[1]))` reads what a token says, and anybody can write one that says so."""
    taints = frozenset(
        t for t in call.argument(0).taints if t.kind == "request" and t.key.split(".")[0] in {"headers", "cookies"}
    )
    around = call.scope.frame.node
    if not taints or around is None or not run.about(around, _decodes_parts):
        return
    if not _SIGNATURE.search(run.code(call.scope.frame.path)):
        run.report("token-not-verified", call.at, call.scope, "reads a token without verifying it")


def _decodes_parts(function: Node) -> bool:
    words = text_of(function)
    return bool(_ENCODED.search(words) and _IN_PARTS.search(words))
