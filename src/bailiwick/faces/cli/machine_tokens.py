"""Tokens for machines on the command line: a service proves itself, an agent is let work for whoever is signed in."""

import os
import uuid
from pathlib import Path
from typing import Annotated, Any

import typer
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from bailiwick.core.clock import utc_now
from bailiwick.faces.cli import credentials, oauth
from bailiwick.faces.cli.client import fail, failing, server_url, show, token
from bailiwick.faces.cli.key_files import Key, read_key, read_text
from bailiwick.faces.cli.options import Json
from bailiwick.faces.cli.services import app as services
from bailiwick.faces.cli.tool_listing import verify_tools

agents = typer.Typer(help="Agents that work for you, with no more than both of you may do.", no_args_is_help=True)
agents.command("verify-tools")(verify_tools)
Door = Annotated[str, typer.Option(help="api, git or mcp")]
_ASSERTION_SECONDS = 120
_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS = "urn:ietf:params:oauth:token-type:access_token"
_JWT = "urn:ietf:params:oauth:token-type:jwt"
_CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}


@agents.command("token")
def agent_token(
    agent: Annotated[str, typer.Option(help="which agent: claude-code or agent:claude-code")],
    key: Annotated[Path | None, typer.Option(help="the agent's own private key, unless it is public")] = None,
    door: Door = credentials.API,
    as_json: Json = False,
) -> None:
    """Get a token of 15 minutes for your agent. Example: bailiwick agent token --agent claude-code."""
    answer = for_agent(agent, key, door)
    show(answer, str(answer["access_token"]), as_json=as_json)


def for_agent(agent: str, key: Path | None, door: str) -> dict[str, Any]:
    """Return the token endpoint's answer for an agent of whoever is signed in; end with what to do when it refuses."""
    name = agent if agent.startswith("agent:") else f"agent:{agent}"
    form = {"grant_type": _GRANT, "subject_token_type": _ACCESS, "subject_token": token(door), "audience": door}
    form |= {"client_id": name}
    if key is not None:
        form |= {"actor_token": assertion(name, read_key(key), server_url()), "actor_token_type": _JWT}
    return _exchanged(form)


@services.command("token")
def service_token(
    name: Annotated[str, typer.Argument(help="service:nightly-report")],
    key: Annotated[Path | None, typer.Option(help="its private key")] = None,
    token_file: Annotated[Path | None, typer.Option(help="a token of an issuer that it trusts")] = None,
    token_variable: Annotated[str, typer.Option(help="the environment variable that holds such a token")] = "",
    door: Door = credentials.API,
    as_json: Json = False,
) -> None:
    """Get a token of 15 minutes as a service. Example: bailiwick service token service:nightly --key nightly.pem."""
    if sum((key is not None, token_file is not None, bool(token_variable))) != 1:
        fail({"title": "give one of --key, --token-file and --token-variable"})
    if key is not None:
        signed = assertion(name, read_key(key), server_url())
        form = {"grant_type": "client_credentials", "client_assertion": signed}
        _print(
            form | {"client_assertion_type": _CLIENT_ASSERTION, "client_id": name, "audience": door}, as_json=as_json
        )
        return
    signed = read_text(token_file) if token_file is not None else os.environ.get(token_variable, "")
    form = {"grant_type": _GRANT, "subject_token": signed, "subject_token_type": _JWT}
    _print(form | {"client_id": name, "audience": door}, as_json=as_json)


def assertion(name: str, key: Key, server: str) -> str:
    """Return what a service signs for itself, good once and for two minutes (RFC 7523, section 3)."""
    now = int(utc_now().timestamp())
    claims = {"iss": name, "sub": name, "aud": server, "iat": now, "exp": now + _ASSERTION_SECONDS}
    algorithm = _algorithm(key)
    header = {"alg": algorithm, "kid": key.thumbprint()}
    return jwt.encode(header, {**claims, "jti": str(uuid.uuid4())}, key, algorithms=[algorithm])


def _algorithm(key: Key) -> str:
    if isinstance(key, ECKey):
        return _CURVES[key.curve_name]
    return "PS256" if isinstance(key, RSAKey) else "Ed25519"


def _print(form: dict[str, str], *, as_json: bool) -> None:
    answer = _exchanged(form)
    show(answer, str(answer["access_token"]), as_json=as_json)


def _exchanged(form: dict[str, str]) -> dict[str, Any]:
    server = server_url()
    with failing(server):
        return oauth.exchange(server, form)
