"""Identity: who is who, how they prove it, and what they may do."""

from bailiwick.control.identity.access import AccessService, Permission
from bailiwick.control.identity.authorizer import ORGANIZATION, Authorizer
from bailiwick.control.identity.directory import DirectoryService
from bailiwick.control.identity.errors import CredentialRefusedError, ProviderUnavailableError, SignInRefusedError
from bailiwick.control.identity.model import (
    API_AUDIENCE,
    CLI_AUDIENCE,
    GIT_AUDIENCE,
    ClaimRule,
    Claims,
    IssuedToken,
    NewSession,
    Person,
    Proof,
    RoleAssignment,
    SignedIn,
)
from bailiwick.control.identity.oidc import OidcClient
from bailiwick.control.identity.providers import Providers
from bailiwick.control.identity.service import TOKEN_LIFETIME, IdentityService
from bailiwick.control.identity.services import (
    Actor,
    ExchangeRefusedError,
    Issuers,
    IssuerUnavailableError,
    MachineToken,
    MachineTokens,
    Prover,
    Service,
    ServiceDraft,
    ServiceIdentities,
    ServiceKey,
    ServiceView,
    State,
    TokenExchange,
    Trust,
    TrustDraft,
    answering,
)
from bailiwick.control.identity.step_up import StepUpRule, step_up_policies

__all__ = [
    "API_AUDIENCE",
    "CLI_AUDIENCE",
    "GIT_AUDIENCE",
    "ORGANIZATION",
    "TOKEN_LIFETIME",
    "AccessService",
    "Actor",
    "Authorizer",
    "ClaimRule",
    "Claims",
    "CredentialRefusedError",
    "DirectoryService",
    "ExchangeRefusedError",
    "IdentityService",
    "IssuedToken",
    "IssuerUnavailableError",
    "Issuers",
    "MachineToken",
    "MachineTokens",
    "NewSession",
    "OidcClient",
    "Permission",
    "Person",
    "Proof",
    "Prover",
    "ProviderUnavailableError",
    "Providers",
    "RoleAssignment",
    "Service",
    "ServiceDraft",
    "ServiceIdentities",
    "ServiceKey",
    "ServiceView",
    "SignInRefusedError",
    "SignedIn",
    "State",
    "StepUpRule",
    "TokenExchange",
    "Trust",
    "TrustDraft",
    "answering",
    "step_up_policies",
]
