"""A call as it goes to the service, once everything about it is decided."""

from dataclasses import dataclass

from bailiwick.core.grants import FieldMask, RequestGrant
from bailiwick.core.messages import ServiceConnection
from bailiwick.dataplane.gateways.services.addresses import Addresses
from bailiwick.dataplane.gateways.services.matching import Matched, Wanted
from bailiwick.dataplane.gateways.services.showing import Shown

# What may be asked twice without being done twice (RFC 9110 section 9.2.2).
_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})


@dataclass(frozen=True, slots=True)
class Going:
    """What is asked of which service, under which grants.

    A `body` of None is sent as it comes from the app; `fields` are masked in the answer.
    """

    connection: ServiceConnection
    wanted: Wanted
    matched: Matched
    fields: tuple[FieldMask, ...]
    body: bytes | None
    shown: Shown | None
    trace: str
    name: str
    grants: tuple[RequestGrant, ...]

    @property
    def is_repeatable(self) -> bool:
        """Whether it can be sent again."""
        return self.wanted.method in _IDEMPOTENT and self.body is not None

    @property
    def addresses(self) -> Addresses:
        """What reads addresses in the answer."""
        return Addresses(self.connection.url, self.name, self.wanted)
