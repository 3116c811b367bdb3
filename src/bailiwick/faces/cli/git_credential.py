"""`bailiwick git-credential`: git's credential helper, which hands git a token that is good for the git door only."""

import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from bailiwick.faces.cli import credentials
from bailiwick.faces.cli.client import failing, server_url
from bailiwick.faces.cli.machine_tokens import for_agent


def git_credential(
    operation: Annotated[str, typer.Argument(help="get, store or erase; git says which")],
    agent: Annotated[str, typer.Option(help="push as this agent of yours, for example claude-code")] = "",
    key: Annotated[Path | None, typer.Option(help="the agent's own private key, unless it is public")] = None,
) -> None:
    """Answer git when it needs a password. Example: git config credential.helper '!bailiwick git-credential'.

    Lines end in a line feed and in nothing else: a carriage return in a host's name must not begin another one.
    """
    asked = dict(line.split("=", 1) for line in sys.stdin.read().split("\n") if "=" in line)
    server = server_url()
    # Silence sends git on to its other helpers: whatever it asks about another server is none of our business.
    if f"{asked.get('protocol')}://{asked.get('host')}" != server:
        return
    if operation == "get" and agent:
        issued = for_agent(agent, key, credentials.GIT)
        expiry = int(time.time()) + int(issued["expires_in"])
        sys.stdout.write(f"username=bailiwick\npassword={issued['access_token']}\npassword_expiry_utc={expiry}\n")
    elif operation == "get":
        _answer(server)
    elif operation == "erase":
        credentials.drop_token(server, credentials.GIT, asked.get("password", ""))


def _answer(server: str) -> None:
    given = os.environ.get("BAILIWICK_TOKEN", "")
    if given:
        sys.stdout.write(f"username=bailiwick\npassword={given}\n")
        return
    with failing(server):
        held = credentials.access_token(server, credentials.GIT, least_seconds=credentials.PUSH_SECONDS)
    if held is None:
        typer.echo(f"you are not signed in at {server}: bailiwick login", err=True)
        return
    expiry = int(held.expires)
    sys.stdout.write(f"username=bailiwick\npassword={held.token}\npassword_expiry_utc={expiry}\n")
