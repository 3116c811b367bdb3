"""What a client of the authorization server is told (RFC 6749, sections 4.1.2.1 and 5.2)."""

from bailiwick.core.errors import BailiwickError

BAD_GRANT = "this code or token is not valid here"


class OAuthError(BailiwickError):
    """A request of a client is refused; `error` is the registered code that programs act on."""

    code = "oauth.refused"
    status = 400

    def __init__(self, error: str, message: str, *, hint: str = "") -> None:
        """Take the registered code, the sentence and the next step."""
        super().__init__(message, hint=hint, details={"error": error})
        self.error = error


class TooManyTriesError(BailiwickError):
    """Somebody asks or guesses too often, and must wait."""

    code = "oauth.too-many-tries"
    status = 429


def bad_grant() -> OAuthError:
    """Return the one answer to every code and refresh token that does not work: it says nothing of the reason."""
    return OAuthError("invalid_grant", BAD_GRANT, hint="sign in again: bailiwick login")
