"""What single commands of a script give away, switch off or open."""

import re
from collections.abc import Iterator

from bailiwick.control.review.engines.infra.credentials import is_written_out
from bailiwick.control.review.engines.infra.faults import Fault
from bailiwick.control.review.engines.infra.shell_syntax import Command, Word

FETCH = frozenset("curl wget fetch aria2c http https lwp-request lynx".split())
_PLAIN_HTTP = re.compile(r"^http://([^/:?#\s]+)", re.IGNORECASE)
_NEAR_HOST = re.compile(
    r"^(?:localhost|127\.|\[?::1|0\.0\.0\.0|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.)|"
    r"\.(?:internal|local|localhost|test|svc|lan|home|onion)$|^[^.]*$|\$"
)
_OFF = re.compile(
    r"^(?:setenforce 0|ufw disable|iptables (?:-F|--flush|-P INPUT ACCEPT)|systemctl (?:stop|disable)(?: --now)? "
    r"(?:firewalld|ufw|apparmor|auditd|iptables|nftables)|swapoff|auditctl -e ?0|"
    r"sysctl -w kernel\.randomize_va_space=0|spctl --master-disable|csrutil disable|nft flush ruleset)"
)
_UNSIGNED = ("--allow-unauthenticated", "--force-yes", "--nogpgcheck", "--no-gpg-check", "--no-gpg-checks",
             "--allow-untrusted", "--no-verify-signature", "--allow-insecure-repositories")  # fmt: skip
_NO_VERIFY = {
    "curl": ("-k", "--insecure", "--proxy-insecure"), "wget": ("--no-check-certificate",),
    "aria2c": ("--check-certificate=false",), "kubectl": ("--insecure-skip-tls-verify",),
    "helm": ("--insecure-skip-tls-verify",), "pip": ("--trusted-host",), "pip3": ("--trusted-host",),
    "skopeo": ("--tls-verify=false",), "docker": ("--tlsverify=false",), "mc": ("--insecure",),
    "http": ("--verify=no",), "npm": ("--strict-ssl=false",),
}  # fmt: skip
_NO_VERIFY_WORDS = re.compile(
    r"^(?:StrictHostKeyChecking[= ]no|UserKnownHostsFile[= ]/dev/null|strict-ssl|ssl-verify)$|"
    r"^http\.sslVerify[= ]?(?:false|0)?$|^-o(?:StrictHostKeyChecking=no|UserKnownHostsFile=/dev/null)$",
    re.IGNORECASE,
)
NO_VERIFY_SETTINGS = {
    "GIT_SSL_NO_VERIFY": {"1", "true"}, "NODE_TLS_REJECT_UNAUTHORIZED": {"0"}, "PYTHONHTTPSVERIFY": {"0"},
    "CURL_CA_BUNDLE": {""}, "REQUESTS_CA_BUNDLE": {""}, "SSL_VERIFY": {"false", "0"},
    "VAULT_SKIP_VERIFY": {"1", "true"},
}  # fmt: skip
_FOR_ALL = re.compile(r"^(?:0|[2-7])?[0-7]{2}[2367]$|^(?:[ugo]*[ao][ugo]*)[+=][rwxX]*w|^\+[rwx]*w")
_AS_OWNER = re.compile(r"^0?[2467][0-7]{3}$|^[ugoa]*\+[rwx]*s")
_PASSWORD_AFTER_P = frozenset("mysql mysqldump mariadb mysqladmin sshpass".split())
_SECRET_FLAG = re.compile(
    r"^--?(?:[\w-]*-)?(?:password|passwd|passphrase|pwd|secret|token|api-?key|access-key|secret-key|private-key)"
    r"(?:=(.*))?$",
    re.IGNORECASE | re.DOTALL,
)
_HEADER = re.compile(
    r"^\W?(?:authorization|x-api-key|private-token)\s*:\s*(?:bearer |basic |token )?(.*?)\W?$", re.IGNORECASE
)


def faults(command: Command) -> Iterator[Fault]:
    """Yield what is wrong in a command, whatever stands around it."""
    yield from _permissions(command)
    yield from _network(command)
    yield from _secrets(command)
    yield from _machine(command)


def _permissions(command: Command) -> Iterator[Fault]:
    words = [word.literal or word.text for word in command.words]
    if command.name == "chmod":
        for mode in words:
            if _FOR_ALL.match(mode):
                yield Fault("loose-permissions", command.line, f"{mode}: everybody may write")
            elif _AS_OWNER.match(mode):
                yield Fault("loose-permissions", command.line, f"{mode}: it runs with the rights of its owner")
    if command.name == "umask" and words and not words[0].strip("0"):
        yield Fault("loose-permissions", command.line, "new files are for everybody to write")
    if command.name == "install" and any(re.match(r"^0?(?:777|666)$", word) for word in words):
        yield Fault("loose-permissions", command.line, "everybody may write")


def _network(command: Command) -> Iterator[Fault]:
    off = _NO_VERIFY.get(command.name, ())
    if off and (command.has(*off) or any(word.text in off for word in command.words)):
        yield Fault("certificate-not-verified", command.line, f"{command.name} takes any certificate")
    words = [word.literal or word.text for word in command.words]
    for place, word in enumerate(words):
        following = words[place + 1] if place + 1 < len(words) else ""
        if not _NO_VERIFY_WORDS.match(word):
            continue
        if word.lower() in {"strict-ssl", "ssl-verify", "http.sslverify"} and following.lower() not in {
            "false",
            "0",
            "no",
        }:
            continue
        yield Fault("certificate-not-verified", command.line, f"{word[:60]} takes whatever answers")
    if command.name in FETCH:
        for word in words:
            match = _PLAIN_HTTP.match(word)
            if match and not _NEAR_HOST.search(match[1]):
                yield Fault("clear-text-transport", command.line, f"{match[1][:80]} is called without TLS")
    if any(word in _UNSIGNED for word in words):
        yield Fault("unsigned-packages", command.line, f"{command.name} takes packages that nobody signed")


def _secrets(command: Command) -> Iterator[Fault]:
    for place, word in enumerate(command.words):
        following = command.words[place + 1] if place + 1 < len(command.words) else None
        given = _given(command.name, command, word, following)
        if given is None:
            continue
        value, expands = given
        if is_written_out(value):
            yield Fault("hard-coded-credential", command.line, f"{command.name} gets a credential that is written here")
        elif expands:
            yield Fault("secret-on-command-line", command.line, f"{command.name} gets a credential as an argument")


Given = tuple[str, bool] | None  # a credential where it is written out, and whether an argument expands to one


def _given(name: str, command: Command, word: Word, following: Word | None) -> Given:
    match = _SECRET_FLAG.match(word.text)
    if match and name not in {"gh", "read"}:
        if match[1] is None:
            return _value(following) if following and not following.text.startswith("-") else None
        return (word.literal or "").partition("=")[2], bool(word.expansions)
    if name in _PASSWORD_AFTER_P and word.text.startswith("-p"):
        if word.text == "-p":
            return _value(following) if name == "sshpass" else None
        return (word.literal or "")[2:], bool(word.expansions)
    if name == "openssl" and word.text.startswith("pass:"):
        return (word.literal or "")[len("pass:") :], bool(word.expansions)
    return _to_host(name, command, word.text, following)


def _to_host(name: str, command: Command, flag: str, following: Word | None) -> Given:
    """Return the credential that a command gives to the host that it calls."""
    if following is None or name not in {"curl", "wget", "http", "docker"}:
        return None
    if name == "docker":
        login = any(item.text == "login" for item in command.words)
        return _value(following) if flag == "-p" and login else None
    if flag in {"-u", "--user"} and ":" in following.text:
        return (following.literal or "").partition(":")[2], bool(following.expansions)
    header = _HEADER.match(following.text) if flag in {"-H", "--header"} else None
    return (header[1] if following.literal is not None else "", bool(following.expansions)) if header else None


def _value(word: Word | None) -> Given:
    return (word.literal or "", bool(word.expansions)) if word else None


def _machine(command: Command) -> Iterator[Fault]:
    asked = command.wrappers[:1] == ("command",)  # `command -v sudo` runs nothing
    if ({"sudo", "doas"} & set(command.wrappers) or command.name in {"sudo", "doas"}) and not asked:
        yield Fault("runs-as-root", command.line, "it takes the rights of root")
    said = " ".join([command.name, *(word.literal or word.text for word in command.words)])
    if _OFF.match(said):
        yield Fault("protection-off", command.line, f"'{said[:60]}' switches a protection off")
    if command.name in {"docker", "podman"} and command.has("--privileged"):
        yield Fault("privileged-container", command.line, "the container may do all that the machine may")
    if command.name in {"docker", "podman"} and "docker.sock:" in said:
        yield Fault("host-access", command.line, "whoever has this socket has the machine")
    if command.name == "crontab" and command.words and not command.has("-l", "-r"):
        yield Fault("persistence", command.line, "it sets up jobs of its own")
