"""The HTTP API."""

from bailiwick.faces.api.app import build_api

__all__ = ["build_api"]
