"""The grants of the token endpoint: what a program may show to get an access token, one function each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import Issued, Parameters
from bailiwick.faces.api.oauth_machines import machine_grants


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A call of the token endpoint: its form, its `Authorization` header, and the address that it came from."""

    parameters: Parameters
    authorization: str = field(repr=False)
    address: str


Grant = Callable[[TokenRequest], Mapping[str, object]]


def grants(control: ControlPlane) -> Mapping[str, Grant]:
    """Return every grant by its type. A new one is a new line here; each answers as RFC 6749 (section 5.1) has it, and
    raises `OAuthError` or another error of ours to refuse.
    """
    machines = {grant_type: _of_parameters(grant) for grant_type, grant in machine_grants(control).items()}
    return {
        "authorization_code": lambda asked: _authorization_code(control, asked),
        "refresh_token": lambda asked: _refresh_token(control, asked),
        "urn:ietf:params:oauth:grant-type:device_code": lambda asked: _device_code(control, asked),
        **machines,
    }


def _of_parameters(grant: Callable[[Parameters], Mapping[str, object]]) -> Grant:
    return lambda asked: grant(asked.parameters)


def _authorization_code(control: ControlPlane, asked: TokenRequest) -> Mapping[str, object]:
    parameters = asked.parameters
    issued = control.tokens.redeem(
        control.tokens.client(parameters),
        parameters.require("code"),
        redirect_uri=parameters.require("redirect_uri"),
        verifier=parameters.require("code_verifier"),
        resources=parameters.resources,
        address=asked.address,
    )
    return _answer(issued)


def _refresh_token(control: ControlPlane, asked: TokenRequest) -> Mapping[str, object]:
    parameters = asked.parameters
    client, token = control.tokens.client(parameters), parameters.require("refresh_token")
    return _answer(control.tokens.refresh(client, token, resources=parameters.resources, address=asked.address))


def _device_code(control: ControlPlane, asked: TokenRequest) -> Mapping[str, object]:
    parameters = asked.parameters
    client, code = control.tokens.client(parameters), parameters.require("device_code")
    return _answer(control.tokens.devices.fetch(client, code, resources=parameters.resources, address=asked.address))


def _answer(issued: Issued) -> Mapping[str, object]:
    return {
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": issued.expires_seconds,
        "refresh_token": issued.refresh_token,
    }
