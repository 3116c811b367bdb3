"""What whoever pushes says in headers of how it was made: `Bailiwick-Agent`, `Bailiwick-Model`, `Bailiwick-Prompt`.

Values are percent-encoded UTF-8, since a header holds neither line breaks nor other signs. A prompt may come in several
headers. What is said is a claim and kept as one.
"""

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import unquote

from bailiwick.control.source import Told

_AGENT, _MODEL, _PROMPT = b"bailiwick-agent", b"bailiwick-model", b"bailiwick-prompt"


def told_by_headers(scope: MutableMapping[str, Any]) -> Told:
    """Return what the headers of an ASGI request say, cut to what is kept."""
    said: dict[bytes, list[str]] = {_AGENT: [], _MODEL: [], _PROMPT: []}
    for name, value in scope["headers"]:
        if name in said:
            said[name].append(unquote(value.decode("latin-1"), errors="replace").replace("\0", ""))
    agent, model = (next(iter(said[name]), "") for name in (_AGENT, _MODEL))
    return Told(agent, model, tuple(said[_PROMPT])).bounded()
