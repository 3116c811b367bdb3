"""What the model gateway answers when it does not pass a call on, in the form of the wire that the caller speaks."""

import json

from bailiwick.core.messages import Surface
from bailiwick.dataplane.gateways.model.model import Endpoint
from bailiwick.dataplane.gateways.refusals import CallRefusedError

# By status, as the wires' documentation names them; what is not here is a fault of the server.
_ANTHROPIC = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
}
_OPENAI = {
    400: ("invalid_request_error", "invalid_request"),
    401: ("authentication_error", "invalid_api_key"),
    403: ("permission_error", "permission_denied"),
    404: ("invalid_request_error", "model_not_found"),
    405: ("invalid_request_error", "method_not_allowed"),
    413: ("invalid_request_error", "request_too_large"),
    429: ("insufficient_quota", "insufficient_quota"),
    504: ("server_error", "timeout"),
}
_BEDROCK = {
    400: "ValidationException",
    401: "AccessDeniedException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    413: "ValidationException",
    429: "ServiceQuotaExceededException",
    503: "ServiceUnavailableException",
    504: "ModelTimeoutException",
}
# Too many calls just now is something else than a quota that is spent: clients come again after a while.
_TOO_MANY = 429
_OPENAI_LIMITED = ("rate_limit_error", "rate_limit_exceeded")


def render(fault: CallRefusedError, surface: Surface) -> bytes:
    """Return the body of an error answer."""
    return json.dumps(_document(fault, surface)).encode()


def event(fault: CallRefusedError, endpoint: Endpoint) -> bytes:
    """Return the event that tells of a fault in the midst of a stream (server-sent events)."""
    if endpoint.family == "openai" and endpoint.events == "event":
        # The responses API has the error flat in its event.
        said = {"type": "error", "code": _openai(fault)[1], "message": _words(fault), "param": None}
        return b"event: error\ndata: " + json.dumps(said).encode() + b"\n\n"
    name = b"event: error\n" if endpoint.events == "event" else b""
    return name + b"data: " + render(fault, endpoint.family) + b"\n\n"


def _document(fault: CallRefusedError, surface: Surface) -> dict[str, object]:
    if surface == "bedrock":
        limited = fault.status == _TOO_MANY and fault.retry_seconds > 0
        kind = "ThrottlingException" if limited else _BEDROCK.get(fault.status, "InternalServerException")
        return {"__type": kind, "message": _words(fault)}
    if surface != "openai":
        kind = _ANTHROPIC.get(fault.status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": _words(fault)}}
    kind, code = _openai(fault)
    return {"error": {"message": _words(fault), "type": kind, "param": None, "code": code}}


def _openai(fault: CallRefusedError) -> tuple[str, str]:
    if fault.status == _TOO_MANY and fault.retry_seconds:
        return _OPENAI_LIMITED
    return _OPENAI.get(fault.status, ("server_error", "upstream_error"))


def _words(fault: CallRefusedError) -> str:
    return f"{fault.message}; {fault.hint}" if fault.hint else fault.message
