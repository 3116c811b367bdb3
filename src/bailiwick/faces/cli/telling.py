"""How the command line tells the server what made a push: headers, which git gets through its environment."""

import os
from collections.abc import Sequence
from urllib.parse import quote

# A server takes about 16 kB of headers in all.
_MOST_CHARACTERS = 9_000


def headers_of(agent: str, model: str, prompts: Sequence[str]) -> list[tuple[str, str]]:
    """Return the headers that say it, percent-encoded; prompts that are too long for headers are cut."""
    said = [("Bailiwick-Agent", agent), ("Bailiwick-Model", model), *(("Bailiwick-Prompt", text) for text in prompts)]
    left = _MOST_CHARACTERS
    headers = []
    for name, text in said:
        value = quote(text.strip()[:left], safe=" ,.;:/()[]'")[:left]
        # Not in the middle of an encoded sign.
        value = value[: value.rfind("%")] if "%" in value[-2:] else value
        left -= len(value)
        if value:
            headers.append((name, value))
    return headers


def git_headers(server: str, headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the environment in which git sends headers to one server, beside what configures it there already."""
    first = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    found = {"GIT_CONFIG_COUNT": f"{first + len(headers)}"} if headers else {}
    for place, (name, value) in enumerate(headers, first):
        found |= {
            f"GIT_CONFIG_KEY_{place}": f"http.{server}/.extraHeader",
            f"GIT_CONFIG_VALUE_{place}": f"{name}: {value}",
        }
    return found
