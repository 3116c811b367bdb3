"""What names say: whether a variable, field or key holds a password, a secret, or data of a person."""

import ast
import itertools
import re

_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_PASSWORDS = frozenset({"password", "passwd", "pwd", "passphrase", "passcode", "passwort", "pword"})
# What is about a password but is none.
_ABOUT = frozenset({
    "hash", "hashed", "hasher", "hashers", "field", "fields", "form", "label", "reset", "length", "len", "min", "max",
    "policy", "strength", "error", "errors", "url", "path", "file", "regex", "pattern", "hint", "help", "placeholder",
    "input", "validator", "validators", "rule", "rules", "required", "expired", "expiry", "expires", "expire",
    "changed", "change", "count", "type", "name", "names", "env", "var", "prompt", "message", "msg", "text", "title",
    "column", "created", "updated", "at", "id", "ids", "digest", "encrypted", "enc", "salt", "checker", "check",
    "verify", "verified", "valid", "is", "has", "set", "requirements", "context", "manager", "service", "schema",
    "scheme", "header", "usage", "limit", "limits", "budget", "bucket", "ttl", "lifetime", "age", "seconds",
    "minutes", "days", "algorithm", "algorithms", "issuer", "audience", "endpoint", "uri", "arn", "ref", "store",
    "provider", "class", "cls", "func", "fn", "callback", "size", "bytes", "status", "state", "key_id", "kind",
    "list", "index", "map", "pair", "public", "total", "used", "per", "prefix", "suffix", "format", "template",
    "view", "page", "cookie", "description", "tokens", "secrets", "passwords", "exists", "missing", "invalid",
    "present", "masked", "redacted", "version", "starting", "next", "continuation", "ignored", "encryption", "getter",
    "loader", "generator", "factory", "bearer", "scopes", "scope", "info", "example", "enabled",
})  # fmt: skip
_SECRETS = (
    ("api", "key"), ("apikey",), ("secret",), ("token",), ("secret", "key"), ("private", "key"), ("access", "key"),
    ("auth", "key"), ("signing", "key"), ("encryption", "key"), ("jwt", "key"), ("credential",), ("credentials",),
    ("secretkey",), ("authtoken",), ("accesstoken",), ("master", "key"), ("hmac", "key"),
)  # fmt: skip
_PERSONAL = frozenset({"ssn", "iban", "cvv", "cvc", "pan"})


def parts(name: str) -> list[str]:
    """Return the words of a name in lower case: `dbPassword_2` has db, password and 2."""
    return [part.lower() for part in _PARTS.findall(name)]


def is_password(name: str) -> bool:
    """Return whether a name says that it holds a password itself."""
    words = parts(name)
    return any(word in _PASSWORDS for word in words) and not any(word in _ABOUT for word in words)


def is_secret(name: str) -> bool:
    """Return whether a name says that it holds a key, token or other secret itself."""
    words = parts(name)
    rest = [word for word in words if word in _ABOUT]
    return not rest and any(
        tuple(words[start : start + len(form)]) == form for form in _SECRETS for start in range(len(words))
    )


def is_personal(name: str) -> bool:
    """Return whether a name says that it holds what identifies or pays for a person."""
    words = parts(name)
    pairs = set(itertools.pairwise(words))
    cards = {("card", "number"), ("credit", "card"), ("social", "security"), ("bank", "account"), ("account", "number")}
    return not {"masked", "last", "redacted", "type", "id"} & set(words) and bool(
        _PERSONAL & set(words) or cards & pairs or "cardnumber" in words
    )


def label(node: ast.AST | None) -> str:
    """Return what an expression is called: a variable's, field's or key's name; of `x.encode()`, that of `x`."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            # The data of a form's field is called like the field.
            return label(node.value) if node.attr in {"data", "value"} else node.attr
        case ast.Subscript(slice=ast.Constant(value=str() as key)):
            return key
        case ast.Subscript():
            return label(node.value) if isinstance(node.slice, ast.Slice) else ""
        case ast.Await() | ast.FormattedValue() | ast.NamedExpr():
            return label(node.value)
        case ast.Call():
            return _of_call(node)
        case ast.BoolOp(values=[first, *_]):
            return label(first)
    return ""


def _of_call(node: ast.Call) -> str:
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    name = node.func.id if isinstance(node.func, ast.Name) else method
    if name in {"encode", "decode", "strip", "lower", "get_secret_value"} and isinstance(node.func, ast.Attribute):
        return label(node.func.value)
    if name in {"str", "bytes", "bytearray"} and node.args:
        return label(node.args[0])
    if name in {"get", "getenv", "getlist", "pop"} and node.args and isinstance(node.args[0], ast.Constant):
        return str(node.args[0].value)
    return ""


def labels(node: ast.AST | None) -> set[str]:
    """Return what the parts of an expression are called."""
    if node is None:
        return set()
    found = {label(item) for item in ast.walk(node)}
    return found - {""}
