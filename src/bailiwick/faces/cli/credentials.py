"""What `bailiwick login` keeps: tokens in a file that only their owner can read, renewed by one process at a time."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bailiwick.faces.cli import oauth

API, GIT, MCP = "api", "git", "mcp"
_FILE = Path("~/.config/bailiwick/credentials.json")
LEAST_SECONDS = 60
# A push shows its token at its beginning only, but git may take its time between two of its requests.
PUSH_SECONDS = 300
_RESOURCES = {API: "/api/v1", GIT: "/git", MCP: "/mcp"}


def credentials_file() -> Path:
    """Return where they are kept."""
    return Path(os.environ.get("BAILIWICK_CREDENTIALS", str(_FILE))).expanduser()


def saved() -> dict[str, Any]:
    """Return what is kept, or nothing."""
    try:
        return dict(json.loads(credentials_file().read_text()))
    except (OSError, ValueError):
        return {}


def resources(server: str) -> list[str]:
    """Return what a sign-in asks tokens for: every door that the command line goes through (RFC 8707)."""
    return [f"{server}{path}" for path in _RESOURCES.values()]


def keep_login(server: str, issued: oauth.Tokens) -> None:
    """Keep the tokens of a sign-in, and give those of the one before back."""
    with _alone():
        before = saved()
        _write({"url": server, "refresh_token": issued.refresh, "access": {API: _kept(issued)}})
    _give_back(before)


def forget_login() -> bool:
    """Give the tokens back and remove the file; return whether there were any."""
    with _alone():
        before = saved()
        credentials_file().unlink(missing_ok=True)
    _give_back(before)
    return bool(before)


@dataclass(frozen=True, slots=True)
class Held:
    """An access token, and until when it is good (seconds since 1970)."""

    token: str = field(repr=False)
    expires: float


def access_token(server: str, audience: str, *, least_seconds: int = LEAST_SECONDS) -> Held | None:
    """Return a token for a door of a server that is good for so many seconds yet; None where nobody signed in there.

    A token is never taken to another server than the one it came from. Raises `oauth.RefusedError` when what is kept
    is no longer good, `httpx2.HTTPError` when the server does not answer.
    """
    found = _good(saved(), server, audience, least_seconds)
    if found is not None:
        return found
    # A refresh token works once: whoever waited for the lock finds the one that the other process got.
    with _alone():
        kept = saved()
        found = _good(kept, server, audience, least_seconds)
        if found is not None or kept.get("url") != server or not kept.get("refresh_token"):
            return found
        issued = oauth.refresh(server, kept["refresh_token"], resource=server + _RESOURCES[audience])
        access = {**kept.get("access", {}), audience: _kept(issued)}
        _write({**kept, "refresh_token": issued.refresh, "access": access})
        return Held(issued.access, access[audience]["expires"])


def drop_token(server: str, audience: str, token: str) -> None:
    """Forget an access token that its door refused, so that the next one asked for is another."""
    with _alone():
        kept = saved()
        if kept.get("url") == server and kept.get("access", {}).get(audience, {}).get("token") == token:
            _write({**kept, "access": {name: entry for name, entry in kept["access"].items() if name != audience}})


def _good(kept: dict[str, Any], server: str, audience: str, least_seconds: int) -> Held | None:
    entry = kept.get("access", {}).get(audience, {}) if kept.get("url") == server else {}
    good = entry.get("expires", 0) - time.time() > least_seconds
    return Held(str(entry["token"]), entry["expires"]) if good else None


def _kept(issued: oauth.Tokens) -> dict[str, Any]:
    return {"token": issued.access, "expires": time.time() + issued.seconds}


def _give_back(kept: dict[str, Any]) -> None:
    if kept.get("url") and kept.get("refresh_token"):
        # What cannot be given back now runs out by itself.
        with contextlib.suppress(oauth.RefusedError, oauth.HTTPError):
            oauth.revoke(kept["url"], kept["refresh_token"])


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Keep other processes of this person out for the length of a block."""
    lock = credentials_file().with_suffix(".lock")
    lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT, 0o600), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write(content: dict[str, Any]) -> None:
    """Replace the file at once, and have it on the disk: a spent refresh token in it would end the sign-in."""
    target = credentials_file()
    unfinished = target.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(target)
