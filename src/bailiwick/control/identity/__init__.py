"""Identity: who is who, how they prove it, and what they may do."""

from bailiwick.control.identity.access import AccessService, Permission
from bailiwick.control.identity.authorizer import ORGANIZATION, Authorizer
from bailiwick.control.identity.directory import DirectoryService
from bailiwick.control.identity.errors import CredentialRefusedError, ProviderUnavailableError, SignInRefusedError
from bailiwick.control.identity.in_flight import InFlight
from bailiwick.control.identity.model import (
    API_AUDIENCE,
    GIT_AUDIENCE,
    ClaimRule,
    Claims,
    HeldSession,
    IssuedToken,
    NewSession,
    Origin,
    Person,
    Proof,
    RoleAssignment,
    SignedIn,
)
from bailiwick.control.identity.oauth import (
    CLIENTS,
    AuthorizationRequest,
    DeviceAsks,
    DeviceCodes,
    Issued,
    OAuthError,
    Parameters,
    Resources,
    ReturnAddress,
    TokenService,
    TooManyTriesError,
    known_client,
    read_request,
    read_return_address,
    read_wanted,
)
from bailiwick.control.identity.oidc import OidcClient
from bailiwick.control.identity.providers import Providers
from bailiwick.control.identity.service import IdentityService
from bailiwick.control.identity.sessions import SessionService
from bailiwick.control.identity.step_up import StepUpRule, step_up_policies

__all__ = [
    "API_AUDIENCE",
    "CLIENTS",
    "GIT_AUDIENCE",
    "ORGANIZATION",
    "AccessService",
    "AuthorizationRequest",
    "Authorizer",
    "ClaimRule",
    "Claims",
    "CredentialRefusedError",
    "DeviceAsks",
    "DeviceCodes",
    "DirectoryService",
    "HeldSession",
    "IdentityService",
    "InFlight",
    "Issued",
    "IssuedToken",
    "NewSession",
    "OAuthError",
    "OidcClient",
    "Origin",
    "Parameters",
    "Permission",
    "Person",
    "Proof",
    "ProviderUnavailableError",
    "Providers",
    "Resources",
    "ReturnAddress",
    "RoleAssignment",
    "SessionService",
    "SignInRefusedError",
    "SignedIn",
    "StepUpRule",
    "TokenService",
    "TooManyTriesError",
    "known_client",
    "read_request",
    "read_return_address",
    "read_wanted",
    "step_up_policies",
]
