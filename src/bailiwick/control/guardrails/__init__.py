"""Guardrails: what administrators say about apps at work, for the organisation, a folder or an app."""

from bailiwick.control.guardrails.errors import NoSuchGuardrailError
from bailiwick.control.guardrails.model import Guardrail, GuardrailDraft
from bailiwick.control.guardrails.service import GuardrailService, everybody_at, rails_in_force

__all__ = ["Guardrail", "GuardrailDraft", "GuardrailService", "NoSuchGuardrailError", "everybody_at", "rails_in_force"]
