"""Configuration of web servers and databases in their own languages: nginx, Apache, pg_hba.conf."""

import re
from collections.abc import Iterator

from bailiwick.control.review.engines.infra.faults import Fault

_NGINX = re.compile(r"(?m)^\s*(?:server|location|upstream|http)\b[^{};\n]*\{")
_APACHE = re.compile(
    r"(?mi)^\s*<(?:VirtualHost|Directory|Location|IfModule|Files)\b|^\s*(?:RewriteEngine|DocumentRoot)\b"
)
_LISTED = "everybody sees the list of files"
_OLD = "old versions of TLS are allowed"
_BELIEVED = "whatever answers behind it is believed"
_READ = "every site may read the answers"
# Rule, pattern, what is said, how much worse; for nginx and for Apache.
_NGINX_LINES = (
    ("information-exposure", r"autoindex\s+on\s*;", _LISTED, -1),
    ("weak-tls", r"ssl_protocols\b[^;]*\b(?:SSLv[23]|TLSv1(?:\.1)?(?=[\s;]))", _OLD, 0),
    ("certificate-not-verified", r"proxy_ssl_verify\s+off\s*;", _BELIEVED, -1),
    ("permissive-cors", r"add_header\s+\W?Access-Control-Allow-Origin\W?\s+['\"]?(?:\*|\$http_origin)", _READ, 0),
    (
        "header-injection",
        r"(?:return\s+30\d\s+|rewrite\s+\S+\s+|add_header\s+\S+\s+)[^;]*\$(?:uri|document_uri)\b",
        "$uri is decoded, so it may hold line ends; use $request_uri",
        0,
    ),
    (
        "server-side-request-forgery",
        r"proxy_pass\s+(?:https?://)?\$(?:arg_\w+|http_\w+|host|cookie_\w+|request_uri|uri|[1-9])",
        "who calls says where it goes",
        0,
    ),
    ("clear-text-transport", r"ssl\s+off\s*;", "TLS is off", 0),
)
_APACHE_LINES = (
    ("information-exposure", r"Options\b(?:(?!-Indexes).)*\+?(?<!-)Indexes\b", _LISTED, -1),
    (
        "weak-tls",
        r"SSLProtocol\b.*(?:\ball\b(?!.*-TLSv1(?:\s|$))|(?<!-)\bSSLv[23]|(?<!-)\bTLSv1(?:\.1)?(?:\s|$))",
        _OLD,
        0,
    ),
    ("certificate-not-verified", r"SSLProxyVerify\s+none", _BELIEVED, -1),
    ("permissive-cors", r"Header\s+(?:always\s+)?(?:set|add)\s+\W?Access-Control-Allow-Origin\W?\s+['\"]?\*", _READ, 0),
)
_Table = tuple[tuple[str, str, str, int], ...]
_LOCATION = re.compile(r"^\s*location\s+(?:\^~\s+|=\s+)?(/[^\s{]*[^/\s{])\s*\{")
_ALIAS = re.compile(r"^\s*alias\s+\S+/\s*;")
_TRUST = re.compile(r"^\s*(?:local|host(?:no)?(?:ssl)?)\s+\S+\s+\S+(?:\s+\S+)?\s+trust\b")
_ALIAS_WITHIN = 6


def server_faults(path: str, text: str) -> Iterator[Fault]:
    """Yield what is wrong in a server's configuration; nothing for other files."""
    name = path.rpartition("/")[2].lower()
    lines = text.split("\n")
    if name == "pg_hba.conf":
        for number, line in enumerate(lines, start=1):
            if _TRUST.match(line[:500]):
                yield Fault("missing-authorization", number, "whoever connects is believed")
    elif path.endswith((".conf", ".htaccess")) and _NGINX.search(text):
        yield from _known(lines, _NGINX_LINES)
        yield from _aliases(lines)
    elif name in {".htaccess", "httpd.conf", "apache2.conf"} or (path.endswith(".conf") and _APACHE.search(text)):
        yield from _known(lines, _APACHE_LINES)


def _known(lines: list[str], table: _Table) -> Iterator[Fault]:
    for number, line in enumerate(lines, start=1):
        for rule, pattern, message, worse in table:
            if re.match(rf"\s*(?:{pattern})", line[:1000], re.IGNORECASE):
                yield Fault(rule, number, message, worse)


def _aliases(lines: list[str]) -> Iterator[Fault]:
    """Yield locations without a slash at their end whose alias has one: `/files../` then climbs out."""
    for number, line in enumerate(lines, start=1):
        if not _LOCATION.match(line[:500]):
            continue
        for below in lines[number : number + _ALIAS_WITHIN]:
            if "}" in below:
                break
            if _ALIAS.match(below[:500]):
                yield Fault("path-traversal", number, "the location has no slash at its end and its alias has one")
                break
