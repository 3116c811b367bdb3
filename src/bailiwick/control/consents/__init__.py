"""Consents: what people let apps do in their name at other services, and the tokens that come of it."""

from bailiwick.control.consents.errors import ConsentNeededError, ConsentRefusedError
from bailiwick.control.consents.keeper import ConsentKeeper
from bailiwick.control.consents.model import Connection, Consent, Onward, Place
from bailiwick.control.consents.places import ConsentPlaces
from bailiwick.control.consents.servers import AuthorizationServers
from bailiwick.control.consents.service import PAGE, ConsentService
from bailiwick.control.consents.tokens import ConsentTokens

__all__ = [
    "PAGE",
    "AuthorizationServers",
    "Connection",
    "Consent",
    "ConsentKeeper",
    "ConsentNeededError",
    "ConsentPlaces",
    "ConsentRefusedError",
    "ConsentService",
    "ConsentTokens",
    "Onward",
    "Place",
]
