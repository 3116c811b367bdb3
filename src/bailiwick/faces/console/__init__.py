"""The console: what people see and do in a browser."""

from bailiwick.faces.console.app import build_console
from bailiwick.faces.console.headers import ProtectingHeaders

__all__ = ["ProtectingHeaders", "build_console"]
