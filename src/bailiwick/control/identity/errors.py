"""What can go wrong when someone signs in or shows a credential."""

from bailiwick.core.errors import NotAuthenticatedError, UnavailableError


class SignInRefusedError(NotAuthenticatedError):
    """What came back from the identity provider does not prove who this is."""

    code = "identity.sign-in-refused"


class CredentialRefusedError(NotAuthenticatedError):
    """A session, token or code is unknown, expired, used, revoked or meant for another door."""

    code = "identity.credential-refused"


class ProviderUnavailableError(UnavailableError):
    """The identity provider cannot be reached or is not configured as it says."""

    code = "identity.provider-unavailable"
