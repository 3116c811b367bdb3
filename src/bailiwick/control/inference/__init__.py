"""Inference: which models may be asked, what goes to them, how much, and what it cost in tokens."""

from bailiwick.control.inference.client import ModelClient
from bailiwick.control.inference.errors import ModelError
from bailiwick.control.inference.model import Answer, Call, Question, Route, Wire
from bailiwick.control.inference.service import InferenceService

__all__ = ["Answer", "Call", "InferenceService", "ModelClient", "ModelError", "Question", "Route", "Wire"]
