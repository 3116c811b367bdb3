"""Identity: who is who, how they prove it, and what they may do."""

from bailiwick.control.identity.access import AccessService, Permission
from bailiwick.control.identity.authorizer import ORGANIZATION, Authorizer, scope_chain
from bailiwick.control.identity.directory import DirectoryService
from bailiwick.control.identity.errors import CredentialRefusedError, ProviderUnavailableError, SignInRefusedError
from bailiwick.control.identity.holdings import holder_counts, holders_below, role_counts, roles_of, roles_on
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
from bailiwick.control.identity.people import (
    LiveCredential,
    PersonFacts,
    everyone,
    find_people,
    live_credentials,
    person_facts,
)
from bailiwick.control.identity.providers import Providers
from bailiwick.control.identity.service import TOKEN_LIFETIME, IdentityService, role_resource
from bailiwick.control.identity.step_up import StepUpRule, step_up_policies

__all__ = [
    "API_AUDIENCE",
    "CLI_AUDIENCE",
    "GIT_AUDIENCE",
    "ORGANIZATION",
    "TOKEN_LIFETIME",
    "AccessService",
    "Authorizer",
    "ClaimRule",
    "Claims",
    "CredentialRefusedError",
    "DirectoryService",
    "IdentityService",
    "IssuedToken",
    "LiveCredential",
    "NewSession",
    "OidcClient",
    "Permission",
    "Person",
    "PersonFacts",
    "Proof",
    "ProviderUnavailableError",
    "Providers",
    "RoleAssignment",
    "SignInRefusedError",
    "SignedIn",
    "StepUpRule",
    "everyone",
    "find_people",
    "holder_counts",
    "holders_below",
    "live_credentials",
    "person_facts",
    "role_counts",
    "role_resource",
    "roles_of",
    "roles_on",
    "scope_chain",
    "step_up_policies",
]
