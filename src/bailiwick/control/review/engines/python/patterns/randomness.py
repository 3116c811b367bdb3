"""Numbers that can be foretold, where they become a secret: by the name of what is made, and by where it goes."""

import ast
import itertools
from collections.abc import Iterator

from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.patterns.naming import label, parts
from bailiwick.control.review.engines.python.patterns.outline import Function
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.engines.python.patterns.watch import Watch, calls
from bailiwick.control.review.model import Finding

_MODULES = ("random.", "numpy.random.")
_NOT_DRAWS = frozenset(
    {"seed", "shuffle", "SystemRandom", "getstate", "setstate", "Random", "default_rng", "RandomState"}
)
_SECRET_WORDS = frozenset({
    "token", "tokens", "password", "passwd", "passphrase", "pwd", "secret", "secrets", "otp", "otps", "pin",
    "session", "cookie", "cookies", "salt", "nonce", "iv", "csrf", "apikey", "captcha", "invite", "invitation",
    "verification", "voucher", "remember", "rememberme", "totp", "passcode", "credential", "credentials", "signature",
    "licence", "license", "reset", "sid", "auth", "2fa", "mfa",
})  # fmt: skip
_PAIRS = frozenset({
    ("api", "key"), ("secret", "key"), ("private", "key"), ("encryption", "key"), ("access", "key"), ("session", "id"),
    ("access", "code"), ("security", "code"), ("confirmation", "code"), ("reset", "code"), ("login", "code"), ("auth",
    "code"), ("backup", "code"), ("backup", "codes"), ("recovery", "code"), ("recovery", "codes"), ("verify", "code"),
    ("coupon", "code"), ("gift", "code"), ("gift", "card"), ("remember", "me"), ("signing", "key"), ("activation",
    "code"), ("activation", "key"), ("one", "time"), ("magic", "link"), ("share", "link"), ("account", "number"),
    ("card", "number"), ("transfer", "code"),
})  # fmt: skip
# Words that make of a secret's name something else: how many, which, how long.
_HARMLESS = frozenset({
    "count", "counts", "delay", "jitter", "index", "sample", "batch", "limit", "length", "color", "colour", "backoff",
    "retry", "wait", "timeout", "interval", "fake", "demo", "mock", "seed", "test", "ids", "duration", "expiry",
    "ttl", "minutes", "seconds", "price", "score", "usage", "rate", "probability", "weight", "temperature",
    "embedding", "embeddings", "llm", "prompt", "dummy", "example", "used", "cost",
})  # fmt: skip
_CARRYING = frozenset({"set_cookie", "set_signed_cookie"})


def foretold(view: View, call: ast.Call) -> Iterator[Finding]:
    """Yield a finding where a number of the module `random` becomes a secret."""
    if not _draws(view, call):
        return
    what = _becomes(view, call, 0)
    if what:
        yield view.finding("weak-randomness", call, f"the number can be foretold, and it becomes {what}")


def time_as_secret(view: View, call: ast.Call) -> Iterator[Finding]:
    """A version-1 UUID or the time, made into a secret: both are told by the clock."""
    if view.name(call.func) not in {
        "uuid.uuid1",
        "time.time",
        "time.time_ns",
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
    }:
        return
    for node in view.around(call):
        if isinstance(node, ast.Call) and view.name(node.func).startswith(("hashlib.", "base64.")):
            what = _becomes(view, node, 0)
            if what and _only_of_time(view, node, call):
                yield view.finding("weak-randomness", call, f"the clock can be guessed, and it becomes {what}")
            return
        if isinstance(node, ast.Assign | ast.Return | ast.keyword | ast.Dict) and view.name(call.func) == "uuid.uuid1":
            what = _becomes(view, call, 0)
            if what:
                yield view.finding(
                    "weak-randomness", call, f"a UUID of version 1 tells time and machine, and it becomes {what}"
                )
            return
        if isinstance(node, ast.stmt):
            return


def _only_of_time(view: View, made: ast.Call, clock: ast.Call) -> bool:
    """Return whether what is hashed has nothing in it that is drawn at random or kept secret."""
    names = {view.name(node.func) for node in ast.walk(made) if isinstance(node, ast.Call) and node is not clock}
    secret = {label(node) for node in ast.walk(made) if isinstance(node, ast.Name | ast.Attribute)}
    return not any(name.startswith(("secrets.", "os.urandom", "uuid.uuid4")) for name in names) and not any(
        "secret" in parts(name) or "salt" in parts(name) or "key" in parts(name) for name in secret
    )


def _draws(view: View, call: ast.Call) -> bool:
    name, last = view.name(call.func), view.last(call.func)
    if name.startswith(_MODULES):
        return last not in _NOT_DRAWS
    if isinstance(call.func, ast.Attribute):
        made = view.made_by(call.func.value)
        return (
            made in {"random.Random", "numpy.random.default_rng", "numpy.random.RandomState"} and last not in _NOT_DRAWS
        )
    return False


def _becomes(view: View, node: ast.AST, depth: int) -> str:
    """Say what secret a value becomes, following it outwards and through the names that it is given; or nothing."""
    if depth > 4:
        return ""
    child: ast.AST = node
    for around in view.around(node):
        match around:
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign() | ast.NamedExpr():
                return _assigned(view, around, depth)
            case ast.Return():
                function = view.function(around)
                return _secret(function.name) if function and not isinstance(view.scope(around), ast.Lambda) else ""
            case ast.keyword() if around.arg and _secret(around.arg):
                return _secret(around.arg)
            case ast.Dict() if child in around.values:
                key = around.keys[around.values.index(child)]
                if isinstance(key, ast.Constant) and _secret(str(key.value)):
                    return _secret(str(key.value))
            case ast.Call() if child is not around.func:
                said = _passed(view, around)
                if said is not None:
                    return said
            case ast.Subscript() if child is around.value and not isinstance(around.slice, ast.Slice):
                return ""  # a part of what was chosen
            case ast.Subscript() if child is around.slice:
                if view.last(around.value) in {"environ"}:
                    return ""
            case ast.Compare() | ast.If() | ast.While() | ast.For() | ast.Expr() if child is not getattr(
                around, "value", None
            ):
                return ""
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return ""
        child = around
    return ""


def _passed(view: View, call: ast.Call) -> str | None:
    """Say what a value becomes in a call; nothing when it only goes through, empty when it ends there."""
    last = view.last(call.func)
    if last in _CARRYING:
        return "a cookie"
    if last in {"range", "sleep", "print", "uniform", "timedelta", "linspace"}:
        return ""
    if last in {"setdefault", "set", "setex"} and isinstance(call.func, ast.Attribute) and call.args:
        texts = view.texts(call.args[0]) or [
            str(part.value)
            for part in ast.walk(call.args[0])
            if isinstance(part, ast.Constant) and isinstance(part.value, str)
        ]
        return next((said for text in texts if (said := _secret(text))), None)
    return None


def _assigned(view: View, node: ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr, depth: int) -> str:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        name = label(target)
        if isinstance(target, ast.Subscript):
            holder = label(target.value)
            if holder in {"session", "cookies"}:
                return f"a value of {holder}"
            if _lower(holder, "headers"):
                return "a header" if _secret(name) else ""
        said = _secret(name)
        if said:
            return said
        if isinstance(target, ast.Name) and depth < 4:
            for read in _reads(view, target):
                said = _becomes(view, read, depth + 1)
                if said:
                    return said
    return ""


def _reads(view: View, target: ast.Name) -> Iterator[ast.Name]:
    scope = view.scope(target)
    if not isinstance(scope, Function):
        return
    count = 0
    for node in ast.walk(scope):
        if isinstance(node, ast.Name) and node.id == target.id and isinstance(node.ctx, ast.Load):
            count += 1
            if count > 12:
                return
            if any(_comes_from(value, target, view) for value in view.reaching(node)):
                yield node


def _comes_from(value: ast.expr | None, target: ast.Name, view: View) -> bool:
    """Return whether a value is the one that was assigned to this target."""
    if value is None:
        return False
    statement = view.parents.get(target)
    if isinstance(statement, ast.AugAssign):
        return isinstance(value, ast.BinOp) and value.right is statement.value
    return value is getattr(statement, "value", UNKNOWN)


def _lower(name: str, wanted: str) -> bool:
    return name.lower() == wanted


def _secret(name: str) -> str:
    """Say what secret a name stands for, or nothing."""
    words = parts(name)
    if set(words) & _HARMLESS:
        return ""
    pairs = set(itertools.pairwise(words))
    if set(words) & _SECRET_WORDS or pairs & _PAIRS or words in (["key"], ["code"], ["cookie"]):
        return f"'{name}'"
    return ""


WATCHES: tuple[Watch, ...] = (
    calls(foretold),
    calls(time_as_secret, "uuid1", "time", "time_ns", "now", "utcnow"),
)
