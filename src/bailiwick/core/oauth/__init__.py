"""OAuth as a client speaks it: what is sent to token endpoints and what comes back. Pure: somebody else sends it."""

from bailiwick.core.oauth.assertions import AssertionClaims, signed_assertion
from bailiwick.core.oauth.clients import ClientProof, client_certificate_of, prove
from bailiwick.core.oauth.devices import DEVICE_CODE, NOT_YET, DeviceAsked, read_device
from bailiwick.core.oauth.dpop import new_dpop_key
from bailiwick.core.oauth.grants import JWT_BEARER, exchange_form, jwt_bearer_form
from bailiwick.core.oauth.registrations import Registration, read_registration
from bailiwick.core.oauth.tokens import (
    MOST_ANSWER_BYTES,
    GrantEndedError,
    IssuedToken,
    TokenEndpointError,
    read_answer,
    read_pushed,
)

__all__ = [
    "DEVICE_CODE",
    "JWT_BEARER",
    "MOST_ANSWER_BYTES",
    "NOT_YET",
    "AssertionClaims",
    "ClientProof",
    "DeviceAsked",
    "GrantEndedError",
    "IssuedToken",
    "Registration",
    "TokenEndpointError",
    "client_certificate_of",
    "exchange_form",
    "jwt_bearer_form",
    "new_dpop_key",
    "prove",
    "read_answer",
    "read_device",
    "read_pushed",
    "read_registration",
    "signed_assertion",
]
