"""Identity: who is who, how they prove it, and what they may do."""

from bailiwick.control.identity.access import AccessService, Permission
from bailiwick.control.identity.authorizer import ORGANIZATION, Authorizer
from bailiwick.control.identity.directory import DirectoryService
from bailiwick.control.identity.errors import CredentialRefusedError, ProviderUnavailableError, SignInRefusedError
from bailiwick.control.identity.ldap import (
    Attributes,
    Brake,
    LdapSource,
    LdapSync,
    Search,
    check_filter,
    check_name,
)
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
from bailiwick.control.identity.step_up import StepUpRule, step_up_policies

__all__ = [
    "API_AUDIENCE",
    "CLI_AUDIENCE",
    "GIT_AUDIENCE",
    "ORGANIZATION",
    "TOKEN_LIFETIME",
    "AccessService",
    "Attributes",
    "Authorizer",
    "Brake",
    "ClaimRule",
    "Claims",
    "CredentialRefusedError",
    "DirectoryService",
    "IdentityService",
    "IssuedToken",
    "LdapSource",
    "LdapSync",
    "NewSession",
    "OidcClient",
    "Permission",
    "Person",
    "Proof",
    "ProviderUnavailableError",
    "Providers",
    "RoleAssignment",
    "Search",
    "SignInRefusedError",
    "SignedIn",
    "StepUpRule",
    "check_filter",
    "check_name",
    "step_up_policies",
]
