"""What a source is given to work with.

Each source has the same verbs, which are safe to repeat, as whoever calls them may have been cut off in the middle:
`next_account` says who signs in with the next value, `make` puts that value into force beside the old one and signs in
with it, and `revoke` takes the old one away. `keeps_old` says whether the old one works until then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bailiwick.control.rotations.sources.hook import HookTarget


@dataclass(frozen=True, slots=True)
class Credential:
    """A value, and who signs in with it: empty where the source does not tell people apart."""

    account: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Work:
    """A rotation of a secret from `old` to `new`.

    `read` returns the value of another secret, `hooks` are those of the settings. `at_once` says that the old value is
    known to others: what it opened is closed, too.
    """

    rotation: str
    secret: str
    old: Credential
    new: Credential
    at_once: bool
    read: Callable[[str], str]
    hooks: "Mapping[str, HookTarget]"
