"""Compiles every pattern of redaction once, so that no process has to: `python -m bailiwick.core.redaction`."""

from bailiwick.core.redaction import Redaction

Redaction("all").redact("")
