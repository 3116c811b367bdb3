"""Comparisons of secrets that take as long as the secret is right."""

import ast
import re
from collections.abc import Iterator

from bailiwick.control.review.engines.python.patterns.naming import is_password, is_secret, label, parts
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.engines.python.patterns.watch import Watch, nodes
from bailiwick.control.review.model import Finding

_SIGNATURES = frozenset({"signature", "sig", "hmac", "mac", "x-hub-signature-256", "x-signature"})
_CONFIGURED = re.compile(r"(?:^|_)(?:API_?KEY|SECRET|PASSWORD|PASSWD|TOKEN|PASSPHRASE|SECRET_KEY|ACCESS_KEY|PIN)$")
_SETTINGS = frozenset({"settings", "config", "conf", "cfg", "environ", "env", "secrets"})


def early_end(view: View, node: ast.Compare) -> Iterator[Finding]:
    """`==` on a secret ends at the first letter that differs."""
    if len(node.ops) != 1 or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
        return
    for one, other in ((node.left, node.comparators[0]), (node.comparators[0], node.left)):
        if _nothing(view, other) or isinstance(one, ast.Constant):
            continue
        if _made_by_hmac(view, one) or (_is_digest(view, one) and _names_secret(other)):
            yield view.finding(
                "timing-comparison", node, "a signature is compared by ==, which ends where it first differs"
            )
            return
        known = bool(view.texts(one)) and not (is_secret(label(other)) or is_password(label(other)))
        if _is_configured(view, one) and not known and not _is_upper(other) and _comes_in(view, other):
            yield view.finding(
                "timing-comparison", node, "a secret is compared by ==, which ends where it first differs"
            )
            return


def _nothing(view: View, node: ast.expr) -> bool:
    """Return whether a comparison with this tells nothing of a secret: empty, none, or a fixed word of the code."""
    return isinstance(node, ast.Constant) or (bool(view.texts(node)) and view.scope(node) is not view.tree and all(
        isinstance(value, str | bytes | None) for value in view.values(node)
    ))  # fmt: skip


def _made_by_hmac(view: View, node: ast.expr, depth: int = 0) -> bool:
    for item in ast.walk(node):
        if isinstance(item, ast.Call):
            name = view.name(item.func)
            if name in {"hmac.new", "hmac.digest", "hmac.HMAC"} or view.made_by(item).startswith("hmac.new"):
                return True
    if isinstance(node, ast.Name) and depth < 3:
        return any(value is not None and _made_by_hmac(view, value, depth + 1) for value in view.reaching(node))
    return False


def _is_digest(view: View, node: ast.expr) -> bool:
    """Return whether an expression is a digest by its last step."""
    values = view.reaching(node) if isinstance(node, ast.Name) else [node]
    return any(isinstance(value, ast.Call) and view.last(value.func) in {"hexdigest", "digest"} for value in values)


def _names_secret(node: ast.expr) -> bool:
    words = set(parts(label(node))) | {label(node).lower()}
    return bool(words & _SIGNATURES) or bool(
        {"hash", "digest"} & words and {"password", "passwd", "token", "key", "secret", "code", "otp"} & words
    )


def _is_configured(view: View, node: ast.expr) -> bool:
    """Return whether an expression is a secret that the app was given: a constant, a setting, the environment."""
    name = label(node)
    if isinstance(node, ast.Name):
        if _is_upper(node):
            return bool(_CONFIGURED.search(name))
        held = [value for value in view.reaching(node) if value is not None]
        return bool(held) and any(not isinstance(value, ast.Name) and _is_configured(view, value) for value in held)
    if isinstance(node, ast.Attribute):
        return (is_secret(name) or is_password(name)) and bool(set(parts(label(node.value))) & _SETTINGS)
    if isinstance(node, ast.Subscript | ast.Call):
        base = node.value if isinstance(node, ast.Subscript) else getattr(node.func, "value", None)
        read = view.name(node.func if isinstance(node, ast.Call) else base)
        known = bool(set(parts(label(base))) & _SETTINGS) or read in {"os.getenv", "os.environ"}
        shared = label(base) == "session" and "csrf" in parts(name)
        return bool((known and (is_secret(name) or is_password(name) or _CONFIGURED.search(name))) or shared)
    return False


def _is_upper(node: ast.expr) -> bool:
    name = label(node) if isinstance(node, ast.Name | ast.Attribute) else ""
    return len(name) > 1 and name.isupper()


def _comes_in(view: View, node: ast.expr) -> bool:
    """Return whether an expression may be what somebody sent: no constant, no length, no call of the app's own."""
    if isinstance(node, ast.Call):
        return bool(label(node))
    if isinstance(node, ast.Name):
        held = view.reaching(node)
        return any(
            value is None or isinstance(value, ast.Call | ast.Subscript | ast.Attribute | ast.BoolOp) for value in held
        )
    return isinstance(node, ast.Attribute | ast.Subscript | ast.JoinedStr)


WATCHES: tuple[Watch, ...] = (nodes(early_end, ast.Compare),)
