"""Our own OAuth 2.1 authorization server: what programs may hold in a person's name, and for how long."""

from bailiwick.control.identity.oauth.clients import CLIENTS, Client, client_names, find_client
from bailiwick.control.identity.oauth.errors import OAuthError, TooManyTriesError
from bailiwick.control.identity.oauth.families import IDLE as PROGRAM_IDLE
from bailiwick.control.identity.oauth.model import AuthorizationRequest, DeviceAsks, DeviceCodes, Issued, ReturnAddress
from bailiwick.control.identity.oauth.parameters import Parameters
from bailiwick.control.identity.oauth.registration import RegisteredClient, Registration
from bailiwick.control.identity.oauth.requests import read_request, read_return_address, read_wanted
from bailiwick.control.identity.oauth.resources import Resources
from bailiwick.control.identity.oauth.service import TokenService

__all__ = [
    "CLIENTS",
    "PROGRAM_IDLE",
    "AuthorizationRequest",
    "Client",
    "DeviceAsks",
    "DeviceCodes",
    "Issued",
    "OAuthError",
    "Parameters",
    "RegisteredClient",
    "Registration",
    "Resources",
    "ReturnAddress",
    "TokenService",
    "TooManyTriesError",
    "client_names",
    "find_client",
    "read_request",
    "read_return_address",
    "read_wanted",
]
