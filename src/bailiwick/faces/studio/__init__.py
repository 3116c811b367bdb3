"""The studio's way to the services: the agent's tools, turns as they run, and what console and API both say of them."""

from bailiwick.faces.studio.documents import conversation_document, step_document
from bailiwick.faces.studio.following import Following
from bailiwick.faces.studio.sending import ask_for_deploy, sent_models
from bailiwick.faces.studio.turns import StudioTurns

__all__ = [
    "Following",
    "StudioTurns",
    "ask_for_deploy",
    "conversation_document",
    "sent_models",
    "step_document",
]
