"""Identity: who is who, how they prove it, and what they may do."""

from bailiwick.control.identity.authorizer import ORGANIZATION, Authorizer
from bailiwick.control.identity.directory import DirectoryService
from bailiwick.control.identity.errors import CredentialRefusedError, ProviderUnavailableError, SignInRefusedError
from bailiwick.control.identity.model import (
    API_AUDIENCE,
    CLI_AUDIENCE,
    GIT_AUDIENCE,
    Claims,
    IssuedToken,
    NewSession,
    Permission,
    Person,
    RoleAssignment,
    SignedIn,
)
from bailiwick.control.identity.oidc import OidcClient
from bailiwick.control.identity.service import TOKEN_LIFETIME, IdentityService

__all__ = [
    "API_AUDIENCE",
    "CLI_AUDIENCE",
    "GIT_AUDIENCE",
    "ORGANIZATION",
    "TOKEN_LIFETIME",
    "Authorizer",
    "Claims",
    "CredentialRefusedError",
    "DirectoryService",
    "IdentityService",
    "IssuedToken",
    "NewSession",
    "OidcClient",
    "Permission",
    "Person",
    "ProviderUnavailableError",
    "RoleAssignment",
    "SignInRefusedError",
    "SignedIn",
]
