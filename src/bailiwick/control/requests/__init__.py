"""Requests that may be sent again: what was asked under one key is done once."""

from bailiwick.control.requests.service import Answer, RepeatService

__all__ = ["Answer", "RepeatService"]
