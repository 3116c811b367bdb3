"""SAML 2.0: people sign in with providers that speak it, and both sides end sessions (OASIS SAML 2.0, 2005)."""

from bailiwick.control.identity.saml.client import AttributeNames, SamlClient
from bailiwick.control.identity.saml.description import IdpDescription, MetadataFile, certificate_of, require_address
from bailiwick.control.identity.saml.keys import SamlKeys
from bailiwick.control.identity.saml.service import SamlService

__all__ = [
    "AttributeNames",
    "IdpDescription",
    "MetadataFile",
    "SamlClient",
    "SamlKeys",
    "SamlService",
    "certificate_of",
    "require_address",
]
