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
from bailiwick.control.identity.providers import Provider, Providers
from bailiwick.control.identity.saml import (
    AttributeNames,
    IdpDescription,
    MetadataFile,
    SamlClient,
    SamlKeys,
    SamlService,
    certificate_of,
    require_address,
)
from bailiwick.control.identity.service import TOKEN_LIFETIME, IdentityService
from bailiwick.control.identity.step_up import StepUpRule, step_up_policies

__all__ = [
    "API_AUDIENCE",
    "CLI_AUDIENCE",
    "GIT_AUDIENCE",
    "ORGANIZATION",
    "TOKEN_LIFETIME",
    "AccessService",
    "AttributeNames",
    "Authorizer",
    "ClaimRule",
    "Claims",
    "CredentialRefusedError",
    "DirectoryService",
    "IdentityService",
    "IdpDescription",
    "IssuedToken",
    "MetadataFile",
    "NewSession",
    "OidcClient",
    "Permission",
    "Person",
    "Proof",
    "Provider",
    "ProviderUnavailableError",
    "Providers",
    "RoleAssignment",
    "SamlClient",
    "SamlKeys",
    "SamlService",
    "SignInRefusedError",
    "SignedIn",
    "StepUpRule",
    "certificate_of",
    "require_address",
    "step_up_policies",
]
