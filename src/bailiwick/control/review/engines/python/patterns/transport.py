"""Connections: certificates that are not verified, old protocol versions, and text in the clear."""

import ast
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.patterns.mending import with_value
from bailiwick.control.review.engines.python.patterns.naming import is_password, is_secret, label
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.engines.python.patterns.watch import Watch, calls, nodes
from bailiwick.control.review.model import Finding

_CLIENTS = (
    "requests.",
    "httpx.",
    "httpx2.",
    "aiohttp.",
    "urllib3.",
    "ssl.",
    "http.client.",
    "websockets.",
    "niquests.",
)
_OFF: dict[str, tuple[object, ...]] = {
    "verify": (False,), "verify_ssl": (False,), "ssl": (False,), "verify_certs": (False,), "ssl_verify": (False,),
    "cert_reqs": ("CERT_NONE", 0), "ssl_cert_reqs": ("none", "CERT_NONE", None), "check_hostname": (False,),
    "assert_hostname": (False,), "tlsAllowInvalidCertificates": (True,), "tlsInsecure": (True,), "validate_certs":
    (False,), "tls_insecure": (True,), "disable_ssl_certificate_validation": (True,), "ssl_check_hostname": (False,),
    "verify_tls": (False,), "verify_mode": ("CERT_NONE",),
}  # fmt: skip
# Names that other libraries use for other things: they count where the library is known to be a client.
_ONLY_CLIENTS = frozenset({"verify", "ssl"})
_VERBS = frozenset({
    "get", "post", "put", "patch", "delete", "head", "options", "request", "stream", "Session", "Client", "AsyncClient",
    "TCPConnector", "ClientSession", "ws_connect", "client", "resource", "urlopen", "fetch",
})  # fmt: skip
_UNVERIFIED = frozenset({"ssl._create_unverified_context", "ssl._create_stdlib_context"})
_HOST_KEYS = frozenset({"AutoAddPolicy", "WarningPolicy"})
_OLD = re.compile(
    r"(?:ssl|OpenSSL\.SSL)\.(?:PROTOCOL_|TLSVersion\.)?(?:SSLv2|SSLv3|TLSv1(?:_1)?|SSLv23_2|SSLv2_METHOD|SSLv3_METHOD|TLSv1(?:_1)?_METHOD)"
)
_WEAK_SUITES = re.compile(
    r"(?i)(?<![!\-])\b(?:[ae]?NULL|EXP(?:ORT)?|RC4|3?DES(?!-CBC3-SHA384)|MD5|ADH|AECDH|LOW|ALL)\b"
)
_LOOPBACK = re.compile(r"^(?:localhost|127\.[\d.]+|\[?::1\]?|0\.0\.0\.0|host\.docker\.internal|testserver|test)$")
_INTERNAL = re.compile(r"^[^.]+$|\.(?:local|internal|localhost|svc|cluster\.local|test|invalid|lan)$")
_CLEAR = frozenset({"http", "ftp", "telnet", "ws", "smtp", "ldap"})
_CALLING = frozenset({
    "get", "post", "put", "patch", "delete", "head", "request", "urlopen", "urlretrieve", "Client", "AsyncClient",
    "ws_connect", "connect", "create_connection", "Request", "stream", "WebSocketApp",
})  # fmt: skip


def not_verified(view: View, call: ast.Call) -> Iterator[Finding]:
    """A client that takes any certificate."""
    name = view.name(call.func)
    if name in _UNVERIFIED:
        yield view.finding("certificate-not-verified", call, "a TLS context that takes any certificate is made")
        return
    if name == "ssl.wrap_socket" and view.argument(call, None, "cert_reqs") is None:
        yield view.finding(
            "certificate-not-verified", call, "ssl.wrap_socket takes any certificate unless told otherwise"
        )
        return
    for key, off in _OFF.items():
        given = view.argument(call, None, key)
        if given is None or (key in _ONLY_CLIENTS and not _is_client(view, call)):
            continue
        if view.may_be(given, *off) or view.name(given).rpartition(".")[2] == "CERT_NONE":
            place = given if given.lineno else call
            edit = with_value(view, given, "True") if isinstance(given, ast.Constant) and off == (False,) else None
            yield view.finding("certificate-not-verified", place, f"{key} switches verification off", edit=edit)
            return
    if view.last(call.func) == "set_missing_host_key_policy" and call.args:
        policy = call.args[0].func if isinstance(call.args[0], ast.Call) else call.args[0]
        if view.last(policy) in _HOST_KEYS:
            yield view.finding("certificate-not-verified", call, "a host with any key is taken for the right one")
    if view.last(call.func) == "disable_warnings" and name.startswith(("urllib3.", "requests.packages.")):
        if (
            any("InsecureRequestWarning" in view.name(argument) for argument in call.args)
            and "verify" not in view.vocabulary
        ):
            yield view.finding(
                "certificate-not-verified", call, "warnings of connections that are not verified are switched off"
            )


def _is_client(view: View, call: ast.Call) -> bool:
    name = view.name(call.func)
    if name.startswith(("jwt.", "jose.", "sklearn.", "json.")):
        return False
    if name.startswith(_CLIENTS):
        return True
    return view.last(call.func) in _VERBS


def verification_off(view: View, node: ast.Assign) -> Iterator[Finding]:
    """A field of a context or session, or an environment variable, that switches verification off."""
    for target in node.targets:
        if isinstance(target, ast.Attribute):
            verified = target.attr in {"verify", "check_hostname"} and view.is_surely(node.value, False)
            mode = target.attr == "verify_mode" and view.name(node.value).endswith("CERT_NONE")
            default = target.attr == "_create_default_https_context" and "unverified" in view.name(node.value)
            if (verified and _holds_client(view, target)) or mode or default:
                yield view.finding("certificate-not-verified", node, f"{target.attr} switches verification off")
        if isinstance(target, ast.Subscript) and view.name(target.value) == "os.environ":
            key = label(target)
            wanted = {"PYTHONHTTPSVERIFY": ("0",), "CURL_CA_BUNDLE": ("",), "REQUESTS_CA_BUNDLE": ("",)}.get(key, ())
            if view.may_be(node.value, *wanted):
                yield view.finding("certificate-not-verified", node, f"{key} switches verification off")


def _holds_client(view: View, target: ast.Attribute) -> bool:
    made = view.made_by(target.value)
    return made.startswith(_CLIENTS) or target.attr == "check_hostname" or "session" in label(target.value).lower()


def old_protocol(view: View, node: ast.Attribute) -> Iterator[Finding]:
    """A protocol version that is broken, where it is allowed rather than refused."""
    if not _OLD.fullmatch(view.name(node)):
        return
    for around in view.around(node):
        if isinstance(around, ast.Compare | ast.Dict):
            return
        if isinstance(around, ast.Assign) and any(label(target) == "maximum_version" for target in around.targets):
            break
        if isinstance(around, ast.stmt):
            break
    yield view.finding("weak-tls", node, f"{view.name(node).rpartition('.')[2]} is broken")


def weak_suites(view: View, call: ast.Call) -> Iterator[Finding]:
    """A list of cipher suites with broken ones in it."""
    for text in view.texts(view.argument(call, 0, "ciphers", "ciphersuite")):
        match = _WEAK_SUITES.search(text)
        if match and not (match[0].upper() == "ALL" and "!aNULL" in text):
            yield view.finding("weak-tls", call, f"{match[0]} is broken")
            return


def clear_text(view: View, call: ast.Call) -> Iterator[Finding]:
    """A request in the clear to a host that is not this machine."""
    name, last = view.name(call.func), view.last(call.func)
    if last in _CALLING and _is_caller(view, call):
        place = 1 if last in {"request", "stream"} and name.partition(".")[0] in {"requests", "httpx", "urllib3"} else 0
        for node in (view.argument(call, place, "url", "base_url"),):
            for scheme, host in _addresses(view, node):
                if scheme in _CLEAR and not _LOOPBACK.match(host) and not _INTERNAL.search(host):
                    carries = _carries_secret(call)
                    words = f"{scheme}://{host} is called in the clear" + (", with a credential" if carries else "")
                    yield view.finding("clear-text-transport", call, words, worse=int(carries))
    if name in {"ftplib.FTP", "telnetlib.Telnet", "telnetlib3.open_connection"}:
        yield view.finding("clear-text-transport", call, f"{name.rpartition('.')[2]} sends passwords in the clear")
    if name == "smtplib.SMTP":
        yield from _mail(view, call)


def _is_caller(view: View, call: ast.Call) -> bool:
    """Return whether a call is one of a client of the network, as its module or what made its object says."""
    name = view.name(call.func)
    made = view.made_by(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    return name.startswith((*_CLIENTS, "urllib.", "websocket.")) or made.startswith(
        (*_CLIENTS, "urllib.", "websocket.")
    )


def _addresses(view: View, node: ast.expr | None) -> Iterator[tuple[str, str]]:
    texts = view.texts(node)
    if isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
        texts = [str(node.values[0].value)]
    elif isinstance(node, ast.BinOp) and not texts:
        texts = view.texts(node.left)
    elif isinstance(node, ast.Name) and not texts:
        for value in view.reaching(node):
            if isinstance(value, ast.JoinedStr | ast.BinOp):
                yield from _addresses(view, value)
    for text in texts:
        try:
            parts = urlsplit(text)
            host = parts.hostname or ""
        except ValueError:
            continue
        if host:
            yield parts.scheme, host


def _carries_secret(call: ast.Call) -> bool:
    for keyword in call.keywords:
        if keyword.arg in {"auth", "headers", "cookies", "json", "data"}:
            keys = [
                key.value
                for key in ast.walk(keyword.value)
                if isinstance(key, ast.Constant) and isinstance(key.value, str)
            ]
            if keyword.arg == "auth" or any(
                key == "Authorization" or is_password(key) or is_secret(key) for key in keys
            ):
                return True
    return False


def _mail(view: View, call: ast.Call) -> Iterator[Finding]:
    """A mail server that is signed in to without TLS."""
    host = view.texts(view.argument(call, 0, "host"))
    if any(_LOOPBACK.match(one) for one in host):
        return
    function = view.function(call) or view.tree
    used = {view.last(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
    if "login" in used and "starttls" not in used:
        yield view.finding("clear-text-transport", call, "the mail server gets the password in the clear", worse=1)


_JWT = ("jwt.", "jose.jwt.", "authlib.jose.")
_DECODERS = frozenset(
    {"jwt.decode", "jwt.decode_complete", "jose.jwt.decode", "jwt.api_jwt.decode", "jwt.PyJWT.decode"}
)


def unverified_token(view: View, call: ast.Call) -> Iterator[Finding]:
    """A token that is read without a look at its signature."""
    name = view.name(call.func)
    if name in {"jwt.get_unverified_claims", "jose.jwt.get_unverified_claims", "jose.jws.get_unverified_claims"}:
        yield view.finding("token-not-verified", call, "the token's claims are read without a look at its signature")
        return
    if name not in _DECODERS:
        if name in {"jwt.encode", "jose.jwt.encode"}:
            algorithm = view.argument(call, 2, "algorithm")
            if view.may_be(algorithm, "none", "None", "NONE"):
                yield view.finding("token-not-verified", call, "the token is made without a signature")
        return
    if view.may_be(view.argument(call, None, "verify"), False):
        yield view.finding("token-not-verified", call, "the token's signature is not verified")
        return
    options = view.argument(call, 3 if name.startswith("jwt.") else None, "options")
    off = _options_off(view, options)
    if off:
        yield view.finding("token-not-verified", call, f"{off} is off, so {_MEANS[off]}")
        return
    algorithms = view.argument(call, 2, "algorithms")
    if algorithms is None and not view.spreads(call) and name.startswith("jwt."):
        yield view.finding("token-not-verified", call, "the token itself says how it is signed: algorithms is missing")
    elif _allows_none(view, algorithms):
        yield view.finding("token-not-verified", call, "a token without a signature is taken: algorithms has 'none'")


_MEANS = {"verify_signature": "anybody can write such a token", "verify_exp": "tokens are good for ever"}


def _options_off(view: View, node: ast.expr | None) -> str:
    held = [node]
    if isinstance(node, ast.Name):
        held = list(view.reaching(node))
    for value in held:
        if isinstance(value, ast.Dict):
            for key, given in zip(value.keys, value.values, strict=True):
                if isinstance(key, ast.Constant) and key.value in _MEANS and view.may_be(given, False):
                    return str(key.value)
        if isinstance(value, ast.Call) and view.name(value.func) == "dict":
            for name in _MEANS:
                if view.may_be(view.argument(value, None, name), False):
                    return name
    return ""


def _allows_none(view: View, node: ast.expr | None) -> bool:
    if node is None:
        return False
    for value in view.values(node):
        if value is not UNKNOWN and (isinstance(value, str | tuple)):
            given = [value] if isinstance(value, str) else list(value)
            if any(isinstance(one, str) and one.lower() == "none" for one in given):
                return True
    return isinstance(node, ast.List) and any(view.may_be(item, "none", "None", "NONE") for item in node.elts)


WATCHES: tuple[Watch, ...] = (
    calls(not_verified),
    calls(weak_suites, "set_ciphers", "create_urllib3_context"),
    calls(clear_text, *_CALLING, "FTP", "Telnet", "open_connection", "SMTP"),
    calls(unverified_token, "decode", "decode_complete", "encode", "get_unverified_claims"),
    nodes(verification_off, ast.Assign),
    nodes(old_protocol, ast.Attribute),
)
