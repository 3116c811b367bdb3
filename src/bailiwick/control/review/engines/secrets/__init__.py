"""Secrets: credentials in any blob of any commit of a push, encoded ones too. A finding never holds the secret."""

from bailiwick.control.review.engines.secrets.scan import check, known_values, masked

__all__ = ["check", "known_values", "masked"]
