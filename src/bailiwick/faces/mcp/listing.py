"""What this door tells every client, as a signed statement that anybody may fetch and check."""

import threading
import time
from typing import Any

from bailiwick.control.app import ControlPlane
from bailiwick.core.tool_listing import listing_statement
from bailiwick.faces.mcp.metadata import PATH
from bailiwick.faces.mcp.server import INSTRUCTIONS
from bailiwick.faces.mcp.tools import TOOLS

# Signing takes the vault: one is made once in so long, however many ask.
_KEPT_SECONDS = 60.0


def listed_tools() -> list[dict[str, Any]]:
    """Return the tools as every client lists them."""
    return [tool.words.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in TOOLS]


class SignedListing:
    """Signs what the door tells, and keeps the envelope for a while."""

    def __init__(self, control: ControlPlane) -> None:
        self._control = control
        self._kept = (0.0, b"")
        self._lock = threading.Lock()

    def document(self) -> bytes:
        """Return the DSSE envelope as JSON."""
        with self._lock:
            until, found = self._kept
            if time.monotonic() >= until:
                server = f"{self._control.settings.public_url}{PATH}"
                statement = listing_statement(server, INSTRUCTIONS, listed_tools())
                found = self._control.statements.sign(statement).model_dump_json(by_alias=True).encode()
                self._kept = (time.monotonic() + _KEPT_SECONDS, found)
            return found
