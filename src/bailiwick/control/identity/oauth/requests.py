"""Reads what a client asks at the authorization endpoint, and refuses what could send a code or a token astray."""

import re

from bailiwick.control.identity.oauth.clients import Client
from bailiwick.control.identity.oauth.errors import OAuthError
from bailiwick.control.identity.oauth.model import AuthorizationRequest, ReturnAddress
from bailiwick.control.identity.oauth.parameters import Parameters
from bailiwick.control.identity.oauth.resources import Resources
from bailiwick.core.policy import StepUp

SECOND_FACTOR = "second-factor"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_STATE = re.compile(r"[\x20-\x7e]{0,512}")
_SECONDS = re.compile(r"[0-9]{1,7}")


def read_return_address(parameters: Parameters, client: Client) -> ReturnAddress:
    """Return where a client's answers go. Raises `OAuthError`, which may not be sent there: the person is told."""
    redirect_uri, state = parameters.get("redirect_uri"), parameters.get("state")
    if not client.waits_at(redirect_uri):
        raise OAuthError(
            "invalid_request",
            "the address that the answer should go to is not one of this program's",
            hint="somebody may want to get hold of your access: close this page and do not follow that link again",
        )
    if not _STATE.fullmatch(state):
        raise OAuthError("invalid_request", "the state is not plain text of 512 characters at most")
    return ReturnAddress(client, redirect_uri, state)


def read_request(parameters: Parameters, to: ReturnAddress, resources: Resources) -> AuthorizationRequest:
    """Return what is asked for. Raises `OAuthError`, which is the answer to the client."""
    if parameters.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "the response type must be: code")
    # Without a method, PKCE would mean "plain" (RFC 7636, section 4.3), which proves nothing once a code is seen.
    challenge = parameters.get("code_challenge")
    if parameters.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise OAuthError("invalid_request", "PKCE is needed: code_challenge_method must be S256, with its challenge")
    audiences = resources.audiences(parameters.resources, to.client.audiences)
    return AuthorizationRequest(to, challenge, audiences, read_wanted(parameters))


def read_wanted(parameters: Parameters) -> StepUp:
    """Return the sign-in that a client wants behind its tokens (RFC 9470, section 4); it may want nothing more."""
    if parameters.get("scope"):
        raise OAuthError("invalid_scope", "there are no scopes here: a token does what its person's roles allow")
    age, levels = parameters.get("max_age"), parameters.get("acr_values").split()
    if age and not _SECONDS.fullmatch(age):
        raise OAuthError("invalid_request", "max_age is a number of seconds")
    if set(levels) - {SECOND_FACTOR}:
        raise OAuthError("unmet_authentication_requirements", f"acr_values may be: {SECOND_FACTOR}")
    return StepUp(int(age) if age else None, bool(levels))
