"""What a collector of telemetry may be told of a call that is over."""

from bailiwick.core.messages import MILLIONTHS, ModelState
from bailiwick.dataplane.gateways.model.model import Called, Caller, Endpoint
from bailiwick.dataplane.gateways.model.prompt_log import Entry
from bailiwick.dataplane.gateways.refusals import span_behind
from bailiwick.dataplane.otel import Kept, ModelCall
from bailiwick.dataplane.otel.attributes import provider_of, server_of

_EMBEDDINGS = "/embeddings"


def model_call(
    caller: Caller, model: ModelState, endpoint: Endpoint, called: Called, *, began: int, traceparent: str, fault: str,
    conversation: str, kept: Entry | None,
) -> ModelCall:  # fmt: skip
    """Return a call as it may be told; `began` is in nanoseconds since 1970.

    An app's call is within the request that it serves, anybody else's within the span that they name.
    """
    trace, parent = span_behind(traceparent)
    if caller.app and trace != caller.trace:
        trace, parent = "", ""
    host, port = server_of(model)
    texts = None
    if kept is not None and kept.prompt and model.logs in {"redacted", "full"}:
        texts = Kept(kept.prompt, kept.answer, called.streamed)
    return ModelCall(
        began=began,
        milliseconds=called.milliseconds,
        trace=trace,
        parent=parent,
        operation="embeddings" if endpoint.path.endswith(_EMBEDDINGS) else "chat",
        provider=provider_of(model),
        name=model.name,
        model=model.model,
        host=host,
        port=port,
        app=caller.app,
        release=caller.release,
        person=caller.person,
        conversation=conversation,
        streamed=called.streamed,
        status=called.status,
        fault=fault,
        tokens_in=called.tokens_in,
        tokens_out=called.tokens_out,
        cached=called.tokens_cached,
        written=called.tokens_written,
        cost=called.cost / MILLIONTHS if model.price is not None else None,
        redacted=dict(called.redacted),
        kept=texts,
    )
