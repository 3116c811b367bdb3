"""Whether a setting is a credential that is written out, by its name and by what its value looks like."""

import re

_NAME = re.compile(
    r"(?:^|[_.\-/])(?:pass(?:word|wd|phrase)?|pwd|secret|(?:api|access|auth|refresh|bearer|bot|service|id)?_?token|"
    r"(?:api|access|secret|private|encryption|signing|account|master|storage)_?key|client_?secret|secret_?access_?key|"
    r"credentials?|auth|connection_?string)$",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_ONE = re.compile(
    r"^(?:|true|false|yes|no|on|off|null|none|nil|undefined|required|optional|string|\d{1,3}|basic|bearer|oauth2?|jwt|"
    r"disabled|enabled|default|any|never|always|inherit)$",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"\$|\{\{|<[^>]*>|%\(|^%.*%$|^(?:env|vault|file|secret|secrets|ssm|kms|ref|op|arn|aws|gcp|azure|sops|keyring)[:/]|"
    r"^/(?:run|var|etc|mnt|secrets)/|^\./|\benviron|getenv|process\.env|^ENC\[|^@|^\*+$",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"example|change[-_ ]?(?:me|it|this)|placeholder|your[-_ ]|^x+$|xxx|\.\.\.|dummy|sample|redacted|replace|insert|"
    r"todo|fill[-_ ]?in|not[-_ ]?(?:a[-_ ]?)?(?:real|set|used)|generate|put[-_ ]|to[-_ ]?be|some[-_ ]|fake|mock",
    re.IGNORECASE,
)
_OF_A_PROTOCOL = re.compile(
    r"(?:^|_)(?:next|previous|page|output|input|change|continuation|continue|sync|start|end|pagination|cursor|upload|"
    r"csrf|xsrf|lock|task|sequence|separator|special|pad|eos|bos|unk|mask|cls|sep|stop)_?token$",
    re.IGNORECASE,
)
_UUID = re.compile(r"^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$|^[A-Za-z_]+(?:\.[A-Za-z_]+)+$", re.IGNORECASE)
_LEAST_LENGTH = 4


def names_credential(name: str) -> bool:
    """Say whether a setting of this name holds a credential: `DB_PASSWORD`, `clientSecret`, `api-key`."""
    plain = _CAMEL.sub("_", name.strip()[:200]).replace("-", "_")
    return bool(_NAME.search(plain)) and not _OF_A_PROTOCOL.search(plain)


def is_written_out(value: str) -> bool:
    """Say whether a value is one, and not a reference to one, a placeholder or a word of a format."""
    plain = value.strip().strip("\"'")
    if len(plain) < _LEAST_LENGTH or " " in plain or _NOT_ONE.match(plain):
        return False
    return not (_UUID.match(plain) or _REFERENCE.search(plain) or _PLACEHOLDER.search(plain))


def is_credential(name: str, value: str) -> bool:
    """Say whether a setting is a credential that anybody can read."""
    return names_credential(name) and is_written_out(value)
