"""Settings of installers that name another registry: .npmrc, .yarnrc, .yarnrc.yml, pip.conf, uv.toml, bunfig.toml."""

import re

from bailiwick.control.review.engines.packages.model import Problem, Reading

_NAMED = re.compile(
    r"""^\s*["']?(?:@[\w.-]+:)?(?P<key>registry|npmRegistryServer|index-url|extra-index-url|index|extra-index|find-links|"""
    r"""trusted-host|url|proxy|https-proxy|strict-ssl|cafile)["']?\s*[=:\s]\s*(?P<value>.*)$"""
)
_ADDRESS = re.compile(r"https?://[^\s\"',\]]+")
_LONGEST = 2000


def read(path: str, text: str) -> Reading:
    """Yield a problem for each line that makes an installer ask another place, or trust it more."""
    for number, whole in enumerate(text.splitlines(), start=1):
        line = whole[:_LONGEST]
        found = _NAMED.match(line)
        if found is None or line.lstrip().startswith(("#", ";")):
            continue
        key, value = found["key"], found["value"].strip().strip("\"'")
        address = _ADDRESS.search(value)
        if key == "strict-ssl" and value.lower() != "false":
            continue
        if address is None and key not in {"strict-ssl", "trusted-host", "find-links", "cafile"}:
            continue
        origin = re.sub(r"://[^/@\s]+@", "://", address[0]) if address else ""
        words = f"{key} {origin or value[:60]}: packages come from the organisation's index and from nowhere else"
        yield Problem("package-not-from-index", path, number, words, key, origin=origin)
