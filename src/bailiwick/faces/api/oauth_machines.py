"""The grants of the token endpoint for machines: services, CI and clusters, and agents that work for people."""

from collections.abc import Callable, Mapping

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import (
    API_AUDIENCE,
    GIT_AUDIENCE,
    MCP_AUDIENCE,
    Actor,
    MachineToken,
    OAuthError,
    Parameters,
)
from bailiwick.core.errors import NotAuthenticatedError

CLIENT_CREDENTIALS = "client_credentials"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - a name
CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105
SIGNED_TOKENS = frozenset({"urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token"})
_DOORS = (API_AUDIENCE, GIT_AUDIENCE, MCP_AUDIENCE)

Answer = Mapping[str, object]


def machine_grants(control: ControlPlane) -> Mapping[str, Callable[[Parameters], Answer]]:
    """Return these grants by their type. Each refuses a parameter that it would otherwise pass over to its loss."""
    return {
        CLIENT_CREDENTIALS: lambda asked: _client_credentials(control, asked),
        JWT_BEARER: lambda asked: _jwt_bearer(control, asked),
        TOKEN_EXCHANGE: lambda asked: _token_exchange(control, asked),
    }


def _client_credentials(control: ControlPlane, asked: Parameters) -> Answer:
    """A service shows its own signature (RFC 6749, section 4.4; RFC 7523, section 2.2)."""
    if asked.get("client_assertion_type") != CLIENT_ASSERTION:
        raise OAuthError(
            "invalid_client",
            "a service proves itself with a signed token, never with a secret",
            hint=f"client_assertion_type={CLIENT_ASSERTION}",
        )
    audience, signed = _audience(control, asked), asked.require("client_assertion")
    try:
        return _answer(control, control.exchange.for_itself(signed, audience=audience, named=asked.get("client_id")))
    except NotAuthenticatedError as fault:
        raise OAuthError("invalid_client", fault.message, hint=fault.hint) from fault


def _jwt_bearer(control: ControlPlane, asked: Parameters) -> Answer:
    """A workload shows a token of its own issuer (RFC 7523, section 2.1)."""
    audience, signed = _audience(control, asked), asked.require("assertion")
    return _answer(control, control.exchange.for_itself(signed, audience=audience, named=asked.get("client_id")))


def _token_exchange(control: ControlPlane, asked: Parameters) -> Answer:
    """One token for another (RFC 8693): a workload's for a service's, or a person's for their agent's."""
    audience, subject = _audience(control, asked), asked.require("subject_token")
    if asked.get("requested_token_type") not in {"", ACCESS_TOKEN}:
        raise OAuthError("invalid_request", "only access tokens are given here", hint=ACCESS_TOKEN)
    kind = asked.require("subject_token_type")
    try:
        if kind in SIGNED_TOKENS:
            if asked.get("actor_token"):
                raise OAuthError("invalid_request", "a workload acts for itself: send no actor_token")
            issued = control.exchange.for_itself(subject, audience=audience, named=asked.get("client_id"))
        elif kind == ACCESS_TOKEN:
            issued = control.exchange.for_person(subject, _actor(asked), audience=audience)
        else:
            raise OAuthError("invalid_request", "this subject_token_type is not known here")
    except NotAuthenticatedError as fault:
        # RFC 8693, section 2.2.2: also where a token is no good.
        raise OAuthError("invalid_request", fault.message, hint=fault.hint) from fault
    return {**_answer(control, issued), "issued_token_type": ACCESS_TOKEN}


def _actor(asked: Parameters) -> Actor:
    token, kind, name = asked.get("actor_token"), asked.get("actor_token_type"), asked.get("client_id")
    if bool(token) != bool(kind):
        raise OAuthError("invalid_request", "actor_token and actor_token_type come together")
    if not token:
        return Actor(name=name)
    if kind == ACCESS_TOKEN:
        return Actor(access=token, name=name)
    if kind in SIGNED_TOKENS:
        return Actor(signed=token, name=name)
    raise OAuthError("invalid_request", "this actor_token_type is not known here")


def _audience(control: ControlPlane, asked: Parameters) -> str:
    """Return the one door that a token is asked for: by address (RFC 8707) or name (RFC 8693), else the API."""
    if asked.get("scope"):
        raise OAuthError("invalid_scope", "there are no scopes: what a token may do is what its holder may")
    doors = control.tokens.resources.audiences(asked.resources, _DOORS) if asked.resources else ()
    named = asked.get("audience")
    if named:
        doors = (*doors, named)
    if len(set(doors)) > 1 or not set(doors) <= set(_DOORS):
        raise OAuthError("invalid_target", "a token is made for one door", hint=f"audience: {' or '.join(_DOORS)}")
    return doors[0] if doors else API_AUDIENCE


def _answer(control: ControlPlane, issued: MachineToken) -> Answer:
    seconds = int((issued.expires - control.clock()).total_seconds())
    answer: dict[str, object] = {
        "access_token": issued.secret,
        "token_type": "Bearer",
        "expires_in": max(0, seconds),
        "sub": str(issued.identity.principal),
    }
    behalf = issued.identity.behalf
    if behalf is not None:
        # As RFC 8693 (section 4.1) has it: the person is who it is about, the agent who acts.
        answer |= {"sub": str(behalf.principal), "act": {"sub": issued.identity.principal.own}}
    return answer
