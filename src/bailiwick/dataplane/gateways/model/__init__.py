"""The model gateway: the one way from an app, an agent or a reviewer to a model."""

from bailiwick.dataplane.gateways.model.budget import Budget
from bailiwick.dataplane.gateways.model.doors import Door, PlantedDoor, Step, TokenDoor
from bailiwick.dataplane.gateways.model.gateway import ModelGateway
from bailiwick.dataplane.gateways.model.model import Caller, Use
from bailiwick.dataplane.gateways.model.policing import About, PromptPolicy
from bailiwick.dataplane.gateways.model.search import PromptSearch
from bailiwick.dataplane.gateways.model.server import ModelListener
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.gateways.upstreams import Upstreams

__all__ = [
    "About",
    "Budget",
    "CallRefusedError",
    "Caller",
    "Door",
    "ModelGateway",
    "ModelListener",
    "PlantedDoor",
    "PromptPolicy",
    "PromptSearch",
    "Step",
    "TokenDoor",
    "Upstreams",
    "Use",
]
