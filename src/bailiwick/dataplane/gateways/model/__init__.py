"""The model gateway: the one way from an app, an agent or a reviewer to a model."""

from bailiwick.dataplane.gateways.model.budget import Budget
from bailiwick.dataplane.gateways.model.counts import Charge
from bailiwick.dataplane.gateways.model.credentials import ModelCredentials
from bailiwick.dataplane.gateways.model.doors import Door, PlantedDoor, Step, TokenDoor
from bailiwick.dataplane.gateways.model.gateway import ModelGateway
from bailiwick.dataplane.gateways.model.kept_answers import KeptAnswers
from bailiwick.dataplane.gateways.model.log_door import LogDoor
from bailiwick.dataplane.gateways.model.model import Caller, ModelPlace, Use
from bailiwick.dataplane.gateways.model.outflows import Outflows
from bailiwick.dataplane.gateways.model.policing import About, PromptPolicy
from bailiwick.dataplane.gateways.model.prompt_log import PromptLog
from bailiwick.dataplane.gateways.model.prompts import Prompts
from bailiwick.dataplane.gateways.model.search import PromptSearch
from bailiwick.dataplane.gateways.model.server import ModelListener
from bailiwick.dataplane.gateways.model.shared_counts import SharedCounts
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.gateways.upstreams import Upstreams

__all__ = [
    "About",
    "Budget",
    "CallRefusedError",
    "Caller",
    "Charge",
    "Door",
    "KeptAnswers",
    "LogDoor",
    "ModelCredentials",
    "ModelGateway",
    "ModelListener",
    "ModelPlace",
    "Outflows",
    "PlantedDoor",
    "PromptLog",
    "PromptPolicy",
    "PromptSearch",
    "Prompts",
    "SharedCounts",
    "Step",
    "TokenDoor",
    "Upstreams",
    "Use",
]
