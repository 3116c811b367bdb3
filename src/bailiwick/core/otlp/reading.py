"""Reads what is exported (OTLP/HTTP: protobuf or JSON, perhaps gzip) within bounds, and says what was not taken.

https://opentelemetry.io/docs/specs/otlp/#otlphttp. In JSON ids are hexadecimal, where protobuf's own form would have
base64.
"""

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any, Literal

from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from bailiwick.core.errors import BailiwickError

Signal = Literal["traces", "logs", "metrics"]
MOST_BODY_BYTES, MOST_INFLATED_BYTES = 4 * 2**20, 16 * 2**20
_REQUESTS: Mapping[Signal, type[Message]] = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}
_ANSWERS: Mapping[Signal, tuple[type[Message], str]] = {
    "traces": (ExportTraceServiceResponse, "rejected_spans"),
    "logs": (ExportLogsServiceResponse, "rejected_log_records"),
    "metrics": (ExportMetricsServiceResponse, "rejected_data_points"),
}
_IDS = frozenset({"traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id"})
_DEEPEST = 40
_GZIP_WINDOW = 31


class UnreadableError(BailiwickError):
    """What came is no export, or larger than is read."""

    code = "otlp.unreadable"
    status = 400


def read_export(signal: Signal, body: bytes, *, content_type: str, encoding: str = "") -> Message:
    """Return what a body exports; raise `UnreadableError`."""
    plain = _inflated(body, encoding)
    kind = content_type.partition(";")[0].strip().lower()
    message = _REQUESTS[signal]()
    try:
        if kind == "application/json":
            document = json.loads(plain)
            if not isinstance(document, dict):
                raise ValueError
            json_format.ParseDict(
                _with_ids(document, 0), message, ignore_unknown_fields=True, max_recursion_depth=_DEEPEST
            )
        elif kind == "application/x-protobuf":
            message.ParseFromString(plain)
        else:
            raise UnreadableError("telemetry comes as application/x-protobuf or application/json")
    except (DecodeError, json_format.ParseError, ValueError, RecursionError, TypeError, AttributeError):
        raise UnreadableError(f"this is no export of {signal} in OTLP") from None
    return message


def answer_to(signal: Signal, rejected: int, words: str, *, as_json: bool) -> tuple[bytes, str]:
    """Return the answer to an export, with how much of it was not taken and why, and its type."""
    kind, field = _ANSWERS[signal]
    answer: Any = kind()
    if rejected:
        setattr(answer.partial_success, field, rejected)
        answer.partial_success.error_message = words
    if as_json:
        return json_format.MessageToJson(answer, indent=None).encode(), "application/json"
    return answer.SerializeToString(), "application/x-protobuf"


def _inflated(body: bytes, encoding: str) -> bytes:
    if encoding in {"", "identity"}:
        return body
    if encoding != "gzip":
        raise UnreadableError("telemetry comes as it is, or in gzip")
    try:
        inflating = zlib.decompressobj(_GZIP_WINDOW)
        plain = inflating.decompress(body, MOST_INFLATED_BYTES)
    except zlib.error:
        raise UnreadableError("this is no gzip") from None
    if inflating.unconsumed_tail or not inflating.eof:
        raise UnreadableError(f"this is cut off, or more than {MOST_INFLATED_BYTES // 2**20} MiB once it is unpacked")
    return plain


def _with_ids(value: Any, depth: int) -> Any:
    """Return JSON with its ids as protobuf's own JSON has bytes."""
    if depth > _DEEPEST:
        raise ValueError
    if isinstance(value, dict):
        return {
            name: base64.b64encode(bytes.fromhex(item)).decode()
            if name in _IDS and isinstance(item, str)
            else _with_ids(item, depth + 1)
            for name, item in value.items()
        }
    return [_with_ids(item, depth + 1) for item in value] if isinstance(value, list) else value
