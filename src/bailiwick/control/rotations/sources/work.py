"""What a source is given to work with.

Each source has the same verbs, which are safe to repeat, as whoever calls them may have been cut off in the middle:
`next_account` says who signs in with the next value, `make` puts that value into force beside the old one and signs in
with it, and `revoke` takes the old one away. `keeps_old` says whether the old one works until then, and `forgets`
whether what is staged may be forgotten when the source stays away.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bailiwick.control.rotations.sources.hook import HookTarget
    from bailiwick.control.rotations.sources.oauth_client import ServerTarget


@dataclass(frozen=True, slots=True)
class Credential:
    """A value, and who signs in with it: empty where the source does not tell people apart."""

    account: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Work:
    """A rotation of a secret from `old` to `new`.

    `read` returns the value of another secret, `hooks` and `servers` are those of the settings. `keep` seals what a
    source made in the vault before it goes on: the new value, and newer ones of other secrets. `revoke_certificate`
    puts one (PEM) on the list of revoked ones, and returns whether it is of our authority. `at_once` says that the old
    value is known to others: what it opened is closed, too.
    """

    rotation: str
    secret: str
    old: Credential
    new: Credential
    at_once: bool
    read: Callable[[str], str]
    keep: Callable[[Credential | None, Mapping[str, str]], None]
    revoke_certificate: Callable[[str], bool]
    hooks: "Mapping[str, HookTarget]"
    servers: "Mapping[str, ServerTarget]"
