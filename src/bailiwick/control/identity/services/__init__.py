"""Service identities and agents: who answers for them, how they prove who they are, and the tokens that they get."""

from bailiwick.control.identity.services.errors import (
    AssertionRefusedError,
    ExchangeRefusedError,
    IssuerUnavailableError,
    ServiceRefusedError,
)
from bailiwick.control.identity.services.exchange import Actor, TokenExchange
from bailiwick.control.identity.services.issuers import Issuers, Patience
from bailiwick.control.identity.services.keys import ASSERTION_ALGORITHMS
from bailiwick.control.identity.services.model import (
    MachineToken,
    Service,
    ServiceDraft,
    ServiceKey,
    ServiceView,
    State,
    Trust,
    TrustDraft,
)
from bailiwick.control.identity.services.owners import answering
from bailiwick.control.identity.services.owners import there as owners_there
from bailiwick.control.identity.services.proving import Prover
from bailiwick.control.identity.services.rows import row_of as service_row
from bailiwick.control.identity.services.service import ServiceIdentities
from bailiwick.control.identity.services.tokens import MachineTokens, is_machine_token

__all__ = [
    "ASSERTION_ALGORITHMS",
    "Actor",
    "AssertionRefusedError",
    "ExchangeRefusedError",
    "IssuerUnavailableError",
    "Issuers",
    "MachineToken",
    "MachineTokens",
    "Patience",
    "Prover",
    "Service",
    "ServiceDraft",
    "ServiceIdentities",
    "ServiceKey",
    "ServiceRefusedError",
    "ServiceView",
    "State",
    "TokenExchange",
    "Trust",
    "TrustDraft",
    "answering",
    "is_machine_token",
    "owners_there",
    "service_row",
]
