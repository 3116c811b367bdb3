"""Consents as plain values: where somebody can connect an account, and what came of it."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from bailiwick.core.messages import HttpConnection, PersonConsent


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """An app that uses an integration, in which mode, and whether it is open to everybody."""

    app: str
    mode: str
    public: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """An integration as one plane reaches it, in the name of each person. `apps` are the apps there that use it."""

    integration: str
    plane: str
    description: str
    enabled: bool
    connection: HttpConnection
    credential: PersonConsent
    apps: frozenset[Use] = frozenset()

    @property
    def host(self) -> str:
        """Where a person is sent to consent."""
        return urlsplit(self.credential.authorization_url or self.credential.device_url).hostname or ""

    @property
    def fingerprint(self) -> str:
        """What a person consents to: at which server, for which client, to reach what with which scopes.

        A consent is good for this alone: whoever changes where an integration is gets no token of before.
        """
        credential, service = self.credential, urlsplit(self.connection.url)
        facts = [
            *(credential.authorization_url, credential.device_url, credential.token_url),
            *(credential.client, credential.issuer, *sorted(credential.scopes)),
            *(service.scheme, service.hostname or "", str(self.connection.port)),
        ]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person let apps do. `account` is who they are at the service, where it says so; `lapsed_because` says why
    it must be given again, empty while it is good. `renewed_by_itself` is whether it goes on when its token ends.
    """

    id: str
    integration: str
    plane: str
    person: str
    scopes: tuple[str, ...]
    account: str
    connected_at: datetime
    token_ends: datetime
    renewed_by_itself: bool
    refreshed_at: datetime | None
    lapsed_because: str


@dataclass(frozen=True, slots=True)
class Connection:
    """A place where a person can connect an account, and their consent there, None where there is none."""

    place: Place
    consent: Consent | None

    @property
    def state(self) -> str:
        """`connected`, `lapsed` or `open`."""
        if self.consent is None:
            return "open"
        return "lapsed" if self.consent.lapsed_because else "connected"


@dataclass(frozen=True, slots=True)
class Onward:
    """Where a browser goes to consent, and what is asked for there. `code` is what a person types there, empty where
    they come back by themselves; `state` says then what was begun.
    """

    url: str = field(repr=False)
    host: str
    scopes: tuple[str, ...]
    code: str = ""
    state: str = field(default="", repr=False)
