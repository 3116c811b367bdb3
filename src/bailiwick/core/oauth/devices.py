"""The device grant as a client speaks it: a code that a person types at the service, without a way back (RFC 8628)."""

import re
from dataclasses import dataclass, field

from bailiwick.core.messages.addresses import require_address
from bailiwick.core.oauth.tokens import OK, TokenEndpointError, is_shown, read_object, refusal

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
# The person has not answered yet (section 3.5).
NOT_YET = frozenset({"authorization_pending", "slow_down"})
_USER_CODE = re.compile(r"[!-~](?:[ -~]{0,38}[!-~])?")
_LONGEST_ADDRESS = 1000


@dataclass(frozen=True, slots=True)
class DeviceAsked:
    """What a server gave for a request: the code that only we know, the one that a person types, and where."""

    device_code: str = field(repr=False)
    user_code: str
    url: str


def read_device(status: int, content: bytes) -> DeviceAsked:
    """Read the answer of a device authorization endpoint (section 3.2); raise `TokenEndpointError` for none.

    The address with the code in it is left out: whoever types the code has read what it is for.
    """
    if status != OK:
        raise refusal(status, content)
    said = read_object(content) or {}
    secret, code, url = (said.get(name) for name in ("device_code", "user_code", "verification_uri"))
    if not is_shown(secret) or not isinstance(code, str) or not _USER_CODE.fullmatch(code):
        raise TokenEndpointError("gives no code to type")
    try:
        address = require_address(str(url)[:_LONGEST_ADDRESS], secret=True)
    except ValueError:
        raise TokenEndpointError("does not say where a code is typed") from None
    return DeviceAsked(str(secret), code, address)
