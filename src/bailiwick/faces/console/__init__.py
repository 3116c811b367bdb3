"""The console: what people see and do in a browser."""

from bailiwick.faces.console.app import add_console

__all__ = ["add_console"]
