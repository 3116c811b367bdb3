"""Hashes: weak ones, and passwords kept in a form that is quickly guessed."""

import ast
import re
from collections.abc import Iterator

from bailiwick.control.review.engines.python.patterns.naming import is_password, label, labels, parts
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.engines.python.patterns.watch import Watch, calls, nodes
from bailiwick.control.review.model import Finding

_WEAK = frozenset({"md2", "md4", "md5", "sha", "sha1", "md5sha1", "ripemd", "ripemd160", "rmd160"})
_FAST = frozenset({
    "md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_224", "sha3_256", "sha3_384", "sha3_512", "blake2b",
    "blake2s", "sha", "md4",
})  # fmt: skip
_MAKERS = re.compile(
    r"(?:hashlib|_hashlib|Crypto\.Hash|Cryptodome\.Hash|cryptography\.hazmat\.primitives\.hashes|Crypto\.Hash\.(?:MD[245]|SHA1?))"
    r"\.(?:openssl_)?(\w+)(?:\.new)?"
)
# Where a weak hash only names something, nobody gains by a second text with the same hash.
_NAMING = frozenset({
    "etag", "etags", "checksum", "checksums", "cache", "cached", "gravatar", "avatar", "dedup", "dedupe", "duplicate",
    "duplicates", "shard", "sharding", "bucket", "buckets", "color", "colour", "identicon", "partition", "md5sum",
    "git", "blob", "slug", "memo", "memoize", "variant", "rollout",
})  # fmt: skip
_FEWEST_ROUNDS = 100_000
_FEWEST_COST = 10
_WEAK_METHODS = re.compile(r"(?i)^(?:plain|md5|sha\d*|pbkdf2:(?:md5|sha1))\b")
_WEAK_HASHERS = re.compile(r"(?:Unsalted)?(?:MD5|SHA1|Crypt)PasswordHasher$")
_WEAK_PASSLIB = frozenset({
    "md5_crypt", "des_crypt", "ldap_md5", "ldap_sha1", "ldap_salted_md5", "ldap_salted_sha1", "ldap_plaintext",
    "nthash", "lmhash", "hex_md5", "hex_sha1", "hex_sha256", "hex_sha512", "plaintext", "apr_md5_crypt", "mysql323",
    "mysql41", "bsdi_crypt", "crypt16", "bigcrypt", "postgres_md5", "oracle10", "msdcc",
})  # fmt: skip
_STORING = re.compile(
    r"(?is)\b(?:insert|replace)\s+into\b[^;]*\b(?:password|passwd|pwd)\b|\bupdate\b[^;]*\bset\b[^;]*\b(?:password|passwd|pwd)\s*="
)
_SELECTING = re.compile(
    r"(?is)\bselect\b[^;]*\bwhere\b[^;]*\b(?:password|passwd|pwd)\s*=\s*(?:%s|\?|:\w+|%\(\w+\)s|\$\d)"
)


def _kinds(view: View, call: ast.Call) -> set[str]:
    """Return the hashes that a call may make, in lower case; an empty set when it makes none."""
    name = view.name(call.func)
    if name in {"hashlib.new", "Crypto.Hash.new"}:
        found = view.texts(view.argument(call, 0, "name"))
    elif name == "hashlib.file_digest":
        found = view.texts(view.argument(call, 1, "digest")) or [_referred(view, view.argument(call, 1, "digest"))]
    elif name in {"hmac.new", "hmac.HMAC", "hmac.digest"}:
        # HMAC with SHA-1 holds, and one-time passwords need it.
        algorithm = view.argument(call, 2, "digestmod", "digest")
        found = [one for one in [*view.texts(algorithm), _referred(view, algorithm)] if "5" in one or "4" in one]
    else:
        found = [_referred(view, call.func)]
    return {one.lower().replace("-", "") for one in found if one}


def _referred(view: View, node: ast.AST | None) -> str:
    match = _MAKERS.fullmatch(view.name(node))
    return match[1] if match else ""


def weak_hash(view: View, call: ast.Call) -> Iterator[Finding]:
    """A hash for which others with the same value can be made."""
    weak = sorted(_kinds(view, call) & _WEAK)
    if not weak or _breach_check(view) or view.may_be(view.argument(call, None, "usedforsecurity"), False):
        return
    hashed = {word for name in labels(call) for word in parts(name)}
    if not hashed & {"password", "passwd", "pwd", "secret", "token"} and _only_names(view, call):
        return
    around = next(view.around(call), None)
    if isinstance(around, ast.Call) and view.last(around.func) in {"OAEP", "MGF1", "TOTP", "HOTP", "HMAC"}:
        return
    yield view.finding("weak-hash", call, f"{weak[0].upper()} is made here: two texts with the same hash can be made")


def _only_names(view: View, call: ast.Call) -> bool:
    """Return whether a hash only names something, as what it is assigned to or made in says."""
    for node in view.around(call):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(set(parts(label(target))) & _NAMING for target in targets):
                return True
        elif isinstance(node, ast.keyword) and node.arg and set(parts(node.arg)) & _NAMING:
            return True
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            words = set(parts(node.name))
            if words & _NAMING or {"file", "digest"} <= words:
                return True
    return False


def fast_hash_of_password(view: View, call: ast.Call) -> Iterator[Finding]:
    """A password that is hashed by something made to be fast."""
    kinds = _kinds(view, call) & _FAST
    data = (
        view.argument(call, 1, "data")
        if view.name(call.func) == "hashlib.new"
        else view.argument(call, 0, "data", "string")
    )
    if view.last(call.func) == "update" and call.args:
        made = _MAKERS.fullmatch(view.made_by(call.func.value if isinstance(call.func, ast.Attribute) else None))
        kinds, data = {made[1]} if made else set(), call.args[0]
    if not kinds or view.name(call.func).startswith("hmac."):
        return
    if (_holds_password(view, data) or (data is not None and _in_password_function(view, call))) and not _breach_check(
        view
    ):
        yield view.finding("weak-password-storage", call, "a password is hashed by a function that is made to be fast")


def _holds_password(view: View, node: ast.AST | None) -> bool:
    if any(is_password(name) for name in labels(node)):
        return True
    names = [item for item in ast.walk(node) if isinstance(item, ast.Name)] if node is not None else []
    return any(
        is_password(name) for item in names for value in view.reaching(item) for name in labels(value) if _plain(value)
    )


def _plain(value: ast.expr | None) -> bool:
    """Return whether a value is still what it was made of: no hash or check of it."""
    calls_in = [node for node in ast.walk(value) if isinstance(node, ast.Call)] if value is not None else []
    return all(
        (isinstance(call.func, ast.Attribute) and call.func.attr in {"encode", "strip", "get", "format", "join", "pop"})
        or (isinstance(call.func, ast.Name) and call.func.id in {"str", "bytes", "Form", "input", "getpass"})
        for call in calls_in
    )  # fmt: skip


def _in_password_function(view: View, node: ast.AST) -> bool:
    function = view.function(node)
    words = set(parts(function.name)) if function else set()
    return bool(
        words & {"password", "passwd", "pwd"} and words & {"hash", "check", "verify", "encrypt", "encode", "make"}
    )


def _breach_check(view: View) -> bool:
    """Return whether the file asks the service that knows passwords by the SHA-1 of them."""
    return "pwnedpasswords" in view.vocabulary


def few_rounds(view: View, call: ast.Call) -> Iterator[Finding]:
    """A slow hash that is asked to be quick."""
    name, last = view.name(call.func), view.last(call.func)
    positions: dict[str, tuple[int | None, tuple[str, ...], int]] = {
        "pbkdf2_hmac": (3, ("iterations",), _FEWEST_ROUNDS),
        "PBKDF2HMAC": (3, ("iterations",), _FEWEST_ROUNDS),
        "PBKDF2": (3, ("count",), _FEWEST_ROUNDS),
        "gensalt": (0, ("rounds",), _FEWEST_COST),
    }
    if last in positions:
        place, names, least = positions[last]
        given = [value for value in view.values(view.argument(call, place, *names)) if isinstance(value, int)]
        if any(value < least for value in given) and ("bcrypt" in name or last != "gensalt"):
            yield view.finding(
                "weak-password-storage",
                call,
                f"{min(given):,} rounds are few: {least:,} are the least that slows guessing",
            )
    if last == "generate_password_hash":
        method = view.argument(call, 1, "method")
        if any(_WEAK_METHODS.match(text) for text in view.texts(method)):
            yield view.finding(
                "weak-password-storage", call, "a password is hashed by a function that is made to be fast"
            )


def passlib(view: View, call: ast.Call) -> Iterator[Finding]:
    """Passlib's old schemes."""
    name = view.name(call.func)
    if name.startswith("passlib.hash.") and _WEAK_PASSLIB & set(name.split(".")):
        yield view.finding("weak-password-storage", call, f"{name.split('.')[2]} is quickly guessed")
    elif view.last(call.func) == "CryptContext":
        schemes = view.values(view.argument(call, 0, "schemes"))
        first = [value[0] for value in schemes if isinstance(value, tuple) and value]
        if any(value in _WEAK_PASSLIB for value in first):
            yield view.finding("weak-password-storage", call, f"{first[0]} is quickly guessed")


def hashers(view: View, node: ast.Assign) -> Iterator[Finding]:
    """Django's list of hashers: the first makes new hashes."""
    if any(label(target) == "PASSWORD_HASHERS" for target in node.targets):
        for value in view.values(node.value):
            if isinstance(value, tuple) and value and _WEAK_HASHERS.search(str(value[0])):
                yield view.finding(
                    "weak-password-storage", node, f"{str(value[0]).rpartition('.')[2]} is quickly guessed"
                )


def reversible(view: View, call: ast.Call) -> Iterator[Finding]:
    """A password that is only encoded, in a function that says that it hashes or encrypts it."""
    if view.name(call.func) not in {
        "base64.b64encode",
        "base64.urlsafe_b64encode",
        "base64.b85encode",
        "codecs.encode",
    }:
        return
    function = view.function(call)
    words = set(parts(function.name)) if function else set()
    if words & {"hash", "encrypt", "encode", "protect", "secure", "store"} and call.args:
        if is_password(label(call.args[0])) or words & {"password", "passwd", "pwd"}:
            yield view.finding("weak-password-storage", call, "an encoded password is as good as the password")


_CONFIRMING = frozenset({"confirm", "confirmation", "confirmed", "repeat", "repeated", "again", "retype", "new", "old",
                         "verify", "2", "1", "second", "current", "previous"})  # fmt: skip
_INCOMING = frozenset({
    "form", "data", "request", "payload", "body", "args", "json", "values", "cleaned_data", "credentials", "creds",
    "input", "params", "serializer", "attrs", "self", "cls", "login",
})  # fmt: skip


def compared(view: View, node: ast.Compare) -> Iterator[Finding]:
    """A password that is kept as it is, seen by how it is compared."""
    if len(node.ops) != 1 or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
        return
    sides = [node.left, node.comparators[0]]
    names = [label(side) for side in sides]
    if not all(is_password(name) for name in names) or any(set(parts(name)) & _CONFIRMING for name in names):
        return
    if any(isinstance(side, ast.Constant) for side in sides):
        return
    if any(_kept(side) for side in sides):
        yield view.finding(
            "weak-password-storage", node, "the password is kept as it is: what was typed is compared with it"
        )


def _kept(side: ast.expr) -> bool:
    """Return whether an expression is a field of something that is kept, such as a row."""
    if isinstance(side, ast.Attribute | ast.Subscript):
        base = side.value
        while isinstance(base, ast.Attribute | ast.Subscript) and label(base) not in _INCOMING:
            base = base.value
        return label(base) not in _INCOMING and bool(label(base))
    return False


def stored(view: View, call: ast.Call) -> Iterator[Finding]:
    """A password that goes into the database as it came."""
    last = view.last(call.func)
    if last in {"execute", "executemany", "fetchrow", "fetchone", "fetch"} and len(call.args) > 1:
        texts = view.texts(call.args[0]) or view.texts(call.args[0].args[0] if _has_text(call.args[0]) else None)  # type: ignore[attr-defined]
        if any(_STORING.search(text) or _SELECTING.search(text) for text in texts):
            for given in call.args[1:]:
                if any(_raw_password(view, item) for item in _items(given)):
                    yield view.finding("weak-password-storage", call, "a password goes into the database as it came")
                    return
    raw = next((word.value for word in call.keywords if word.arg and is_password(word.arg)), None)
    if raw is None or not _raw_password(view, raw):
        return
    if view.name(call.func).endswith(".objects.create") or _is_model(view, call):
        yield view.finding("weak-password-storage", call, "a password goes into the database as it came")


def _has_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and bool(node.args)


def _items(given: ast.expr) -> list[ast.expr]:
    if isinstance(given, ast.Tuple | ast.List):
        return given.elts
    return [value for value in given.values if value is not None] if isinstance(given, ast.Dict) else [given]


def _raw_password(view: View, node: ast.expr) -> bool:
    if not is_password(label(node)):
        return False
    if isinstance(node, ast.Name):
        return all(value is None or (_plain(value) and not _is_hash(value)) for value in view.reaching(node))
    return _plain(node)


def _is_hash(value: ast.expr) -> bool:
    return any("hash" in parts(name) or "hashed" in parts(name) for name in labels(value))


def _is_model(view: View, call: ast.Call) -> bool:
    """Return whether a call makes an object of a class that the app keeps in a database."""
    name = view.name(call.func).rpartition(".")[2]
    for other in (view, *view.app.values()):
        made = other.classes.get(name)
        if made is not None:
            bases = {other.name(base).rpartition(".")[2] for base in made.bases}
            table = any(word.arg == "table" for word in made.keywords)
            mapped = ("__tablename__" in {field for owner, field in other.fields if owner == name}) or "Model" in bases
            return table or mapped
    return False


WATCHES: tuple[Watch, ...] = (
    calls(weak_hash),
    calls(fast_hash_of_password),
    calls(few_rounds, "pbkdf2_hmac", "PBKDF2HMAC", "PBKDF2", "gensalt", "generate_password_hash"),
    calls(passlib),
    calls(reversible, "b64encode", "urlsafe_b64encode", "b85encode", "encode"),
    calls(stored),
    nodes(hashers, ast.Assign),
    nodes(compared, ast.Compare),
)
