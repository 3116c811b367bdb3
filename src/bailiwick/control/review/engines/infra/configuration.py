"""Files of settings: what they switch on or off that should not be, and credentials that stand in them."""

import re
from collections.abc import Iterator
from itertools import chain

from bailiwick.control.review.engines.infra import faults as said
from bailiwick.control.review.engines.infra.credentials import is_credential
from bailiwick.control.review.engines.infra.faults import Fault
from bailiwick.control.review.engines.infra.servers import server_faults
from bailiwick.control.review.engines.infra.settings import Setting, Unreadable, settings
from bailiwick.control.review.engines.source import Lines, ending, text_of
from bailiwick.control.review.model import Change, Finding, Surroundings
from bailiwick.core.artifacts import TreeFile

_ENDINGS = frozenset(
    "yml yaml toml json jsonc json5 ini cfg conf env properties npmrc pypirc netrc htaccess cnf".split()
)
_ENV = re.compile(r"(?:^|/)\.env(?:\.[\w-]+)?$")
_LEFT_ALONE = re.compile(
    r"(?:^|/)(?:package-lock\.json|nsswitch\.conf|composer\.lock|[\w.-]*\.lock\.json|bailiwick\.toml|tsconfig[\w.]*\.json)$"
)
_TEMPLATE = re.compile(r"(?:example|sample|template|\.dist)(?:\.\w+)?$|(?:^|/)templates?/", re.IGNORECASE)
_WORDS_OF_PEOPLE = re.compile(
    r"(?:^|/)(?:locales?|i18n|lang|languages|translations?|messages)(?:/|\.|_)|[./_-](?:en|de|fr|es)\.json$",
    re.IGNORECASE,
)
_FOR_DEVELOPMENT = re.compile(
    r"(?:^|[/._-])(?:dev|devel|development|local|test|tests|testing|ci)(?:[/._-]|$)", re.IGNORECASE
)
_ORIGINS = re.compile(
    r"^(?:.*[._-])?(?:(?:allow(?:ed)?|cors)[_-]?(?:allow(?:ed)?[_-]?)?origins?|access-control-allow-origin|allow-?origins?)$",
    re.IGNORECASE,
)
_ALL_ORIGINS = re.compile(r"^cors[_-](?:origin[_-])?allow[_-]all(?:[_-]origins)?$", re.IGNORECASE)
_VERIFY = re.compile(
    r"^(?:.*[._-])?(?:verify(?:[_-]?(?:ssl|tls|certs?|certificates?|hostname))?|(?:ssl|tls|cert)[_-]?verify|"
    r"reject[_-]?unauthorized|validate[_-]?certs?|strict[_-]ssl|check[_-]hostname|proxy_ssl_verify)$",
    re.IGNORECASE,
)
_SKIP_VERIFY = re.compile(
    r"^(?:.*[._-])?(?:insecure[_-]?skip[_-]?(?:tls[_-]?)?verify|skip[_-]?(?:tls|ssl|cert)[_-]?verif\w+|(?:tls|ssl)[_-]?insecure|"
    r"accept[_-]?invalid[_-]?certs?|allow[_-]?invalid[_-]?cert\w*|trust[_-]?all(?:[_-]?certs)?|trust[_-]?server[_-]?certificate)$",
    re.IGNORECASE,
)
_DEBUG = re.compile(
    r"^(?:(?:flask|django|app|streamlit|rails|fastapi|starlette|symfony|laravel|web)[_.-])?debug(?:[_-]?mode)?$",
    re.IGNORECASE,
)
_COOKIE = re.compile(
    r"^(?:.*[._-])?(?:session|csrf|auth|remember)?[_.-]?cookie[_.-]?(?:is[_.-]?)?(secure|http[_.-]?only)$",
    re.IGNORECASE,
)
_MODE = re.compile(r"^(?:flask_env|django_env)$", re.IGNORECASE)
_OLD_TLS = re.compile(
    r"^(?:.*[._-])?(?:min(?:imum)?[_-]?(?:tls|ssl|protocol)?[_-]?version|(?:tls|ssl)[_-]?(?:min[_-]?)?version|ssl[_-]?protocols?)$",
    re.IGNORECASE,
)
_OLD_VERSION = re.compile(r"(?:^|[\s,+])(?:SSLv[23]|TLSv?_?1(?:[._]?[01])?)(?:$|[\s,;])", re.IGNORECASE)
_WORTH = re.compile(
    r"debug|_env$|origin|cors|verif|unauthorized|cert|strict|hostname|insecure|trust|cookie|tls|ssl|version|xsrf|details|"
    r"security|protected|pass|pwd|secret|token|key|credential|auth|connection",
    re.IGNORECASE,
)


def reads(path: str) -> bool:
    """Say whether a file holds settings."""
    return (ending(path) in _ENDINGS or bool(_ENV.search(path))) and not _LEFT_ALONE.search(path)


def check(change: Change, _: Surroundings) -> Iterator[Finding]:
    """Yield what is wrong in settings."""
    for file in change.files:
        if reads(file.path):
            yield from _file(file)


def _file(file: TreeFile) -> Iterator[Finding]:
    text = text_of(file.content)
    if text is not None:  # else the engine "unicode" says so
        found = chain(_faults(file.path, text), server_faults(file.path, text), _tags(text))
        yield from said.findings(file.path, Lines(text), found)


def _tags(text: str) -> Iterator[Fault]:
    for match in re.finditer(r"!!?(?:<tag:yaml\.org,2002:)?(?:python|ruby|java[\w.]*)/[\w/.:]+", text):
        yield Fault(
            "unsafe-yaml", text.count("\n", 0, match.start()) + 1, f"{match[0][:60]} makes an object when it is read"
        )


def _faults(path: str, text: str) -> Iterator[Fault]:
    written_by_template = bool(_TEMPLATE.search(path)) or "{{" in text or "{%" in text
    for item in settings(path, text):
        if isinstance(item, Unreadable):
            yield Fault("unreadable-configuration", item.line, item.words, -1 if written_by_template else 0)
            continue
        if not (_WORTH.search(item.name) or "://" in item.value):
            continue
        yield from _switches(path, item)
        if not (_TEMPLATE.search(path) or _WORDS_OF_PEOPLE.search(path)):
            yield from _credential(path, item)


def _switches(path: str, item: Setting) -> Iterator[Fault]:
    softer = -2 if _FOR_DEVELOPMENT.search(path) else 0
    name, line = item.name, item.line
    if _DEBUG.match(name) and item.true:
        worse = 0 if name.lower() != "debug" or "=" in path else -1
        yield Fault("debug-mode", line, f"{name[:60]} is on", worse + softer)
    elif _MODE.match(name) and item.value.lower() in {"development", "debug"}:
        yield Fault("debug-mode", line, f"{name[:60]} is {item.value[:20]}", -1 + softer)
    elif (_ORIGINS.match(name) and item.value == "*") or (_ALL_ORIGINS.match(name) and item.true):
        yield Fault("permissive-cors", line, f"{name[:60]} lets every site in", softer)
    elif (_VERIFY.match(name) and item.false and not _SKIP_VERIFY.match(name)) or (
        _SKIP_VERIFY.match(name) and item.true
    ):
        yield Fault("certificate-not-verified", line, f"{name[:60]} is {item.value[:20]}", softer)
    elif (match := _COOKIE.match(name)) and item.false:
        yield Fault("insecure-cookie", line, f"{match[1]} is off", softer)
    elif _OLD_TLS.match(name) and _OLD_VERSION.search(item.value):
        yield Fault("weak-tls", line, f"{name[:60]} allows {item.value[:40]}")
    elif path.endswith(".streamlit/config.toml"):
        yield from _streamlit(item)
    elif re.match(r"(?i)xpack\.security\.enabled$|protected-mode$", name) and item.false:
        yield Fault("protection-off", line, f"{name[:60]} is {item.value[:20]}")
    elif path.rpartition("/")[2] in {"pip.conf", "pip.ini"} and name == "trusted-host":
        yield Fault("certificate-not-verified", line, "packages are taken from a host whose certificate nobody checks")


def _streamlit(item: Setting) -> Iterator[Fault]:
    if item.name == "enableXsrfProtection" and item.false:
        yield Fault("missing-csrf-protection", item.line, "Streamlit's own protection is off")
    elif item.name == "enableCORS" and item.false:
        yield Fault("permissive-cors", item.line, "Streamlit then answers every site")
    elif item.name in {"showErrorDetails"} and (item.true or item.value == "full"):
        yield Fault("information-exposure", item.line, "people see stack traces", -1)


def _credential(path: str, item: Setting) -> Iterator[Fault]:
    in_data = ending(path) in {"json", "jsonc", "json5"}
    if in_data and item.value.isalpha():
        return  # a word of a form or a schema
    if ending(path) == "npmrc" and item.name.endswith("/_authToken"):
        if "$" not in item.value:
            yield Fault("hard-coded-credential", item.line, "the registry's token is written here")
    elif item.reference:
        return
    elif is_credential(item.name, item.value):
        yield Fault("hard-coded-credential", item.line, f"{item.name[:60]} is written here")
    elif _in_address(item.value):
        yield Fault("hard-coded-credential", item.line, f"{item.name[:60]} holds a password in its address")


def _in_address(value: str) -> bool:
    match = re.match(r"^[a-z][a-z0-9+.-]{1,20}://[^\s/:@]*:([^\s/@]+)@\S+", value[:2000])
    return bool(match) and is_credential("password", match[1] if match else "")
