"""What a person is told, and must have shown of themselves, before a program may act in their name."""

from collections.abc import Sequence

from bailiwick.control.identity import API_AUDIENCE, GIT_AUDIENCE, MCP_AUDIENCE, SignedIn
from bailiwick.core.policy import StepUp

# How much older than asked a sign-in may be: it took time to come here from it.
_SKEW_SECONDS = 60
_DOORS = {
    API_AUDIENCE: "everything that you may do here, by the API",
    GIT_AUDIENCE: "reading and pushing the apps that you may, by git",
    MCP_AUDIENCE: "finding, changing and deploying the apps that you may, by the tools for coding agents (MCP)",
}


def doors_of(audiences: Sequence[str]) -> list[str]:
    """Return in words what tokens for these doors let a program do."""
    return [_DOORS[audience] for audience in audiences]


def is_as(visitor: SignedIn, wanted: StepUp, *, skew_seconds: int = _SKEW_SECONDS) -> bool:
    """Return whether somebody signed in as a program or an app wants it, give or take `skew_seconds` of age."""
    if wanted == StepUp():
        return True
    sign_in = visitor.identity.sign_in
    if sign_in is None:
        return False
    young = wanted.max_age_seconds is None or sign_in.age_seconds <= wanted.max_age_seconds + skew_seconds
    return young and (sign_in.second_factor or not wanted.second_factor)
