"""By which paths models are called here and at their servers: those of each wire, and of clouds that name the model in
theirs. Nothing is translated, so that a model is called by the paths of its server's own kind.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

from bailiwick.core.messages import AzureUpstream, BedrockUpstream, ModelState, VertexUpstream
from bailiwick.dataplane.gateways.model.model import Endpoint

ENDPOINTS: Mapping[str, Endpoint] = {
    item.path: item
    for item in (
        Endpoint("/v1/chat/completions", "openai", "/chat/completions", ("max_completion_tokens", "max_tokens")),
        Endpoint("/v1/responses", "openai", "/responses", ("max_output_tokens",), "event"),
        Endpoint("/v1/embeddings", "openai", "/embeddings"),
        Endpoint("/v1/messages", "anthropic", "/messages", ("max_tokens",), "event"),
        Endpoint("/v1/messages/count_tokens", "anthropic", "/messages/count_tokens", free=True),
    )
}
LIST_PATH = "/v1/models"
# https://learn.microsoft.com/azure/ai-foundry/openai/reference: the deployment is in the path, but for responses.
_AZURE = re.compile(r"/openai/deployments/([A-Za-z0-9][A-Za-z0-9._-]{0,99})(/chat/completions|/embeddings)")
_AZURE_RESPONSES = "/openai/responses"
# https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude; project and place are the
# caller's words, and the settings' own are what counts.
_VERTEX = re.compile(
    r"/v1/projects/[a-z0-9.:-]{1,100}/locations/[a-z0-9-]{1,40}/publishers/anthropic/models/"
    r"([A-Za-z0-9][A-Za-z0-9._@-]{0,99})(:rawPredict|:streamRawPredict)"
)
_COUNT = "count-tokens"
_RAW = {
    suffix: Endpoint(suffix, "anthropic", suffix, ("max_tokens",), "event", cloud="vertex")
    for suffix in (":rawPredict", ":streamRawPredict")
}
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html; a colon may come encoded.
_BEDROCK = re.compile(r"/model/([A-Za-z0-9](?:[A-Za-z0-9._:-]|%3A){0,199})(/invoke|/invoke-with-response-stream)")
_INVOKE = {
    suffix: Endpoint(suffix, "anthropic", suffix, ("max_tokens",), "event", cloud="bedrock")
    for suffix in ("/invoke", "/invoke-with-response-stream")
}
_COUNT_ENDPOINT = Endpoint(f"{_COUNT}:rawPredict", "anthropic", ":rawPredict", free=True, cloud="vertex")


def endpoint_at(path: str) -> tuple[Endpoint, str] | None:
    """Return what a path asks for, with the model that it names, empty where the body does; None for no path of ours.

    Paths are taken as they were written: one that must be decoded first is none.
    """
    if path in ENDPOINTS:
        return ENDPOINTS[path], ""
    if path == _AZURE_RESPONSES:
        return ENDPOINTS["/v1/responses"], ""
    if (azure := _AZURE.fullmatch(path)) is not None:
        return ENDPOINTS[f"/v1{azure[2]}"], azure[1]
    if (vertex := _VERTEX.fullmatch(path)) is not None:
        return (_COUNT_ENDPOINT, "") if vertex[1] == _COUNT else (_RAW[vertex[2]], vertex[1])
    if (bedrock := _BEDROCK.fullmatch(path)) is not None:
        return _INVOKE[bedrock[2]], bedrock[1].replace("%3A", ":")
    return None


def path_at_server(model: ModelState, endpoint: Endpoint) -> str:
    """Return path and query by which a model's server is called, behind its address."""
    name = quote(model.model, safe="@")
    match model.upstream:
        case AzureUpstream(api_version=version):
            inside = "" if endpoint.suffix == "/responses" else f"/deployments/{name}"
            return f"/openai{inside}{endpoint.suffix}?api-version={version}"
        case VertexUpstream(project=project, location=location):
            name = _COUNT if endpoint.free else name
            place = f"/v1/projects/{project}/locations/{location}"
            return f"{place}/publishers/anthropic/models/{name}{endpoint.suffix}"
        case BedrockUpstream():
            return f"/model/{quote(model.model, safe='')}{endpoint.suffix}"
        case None:
            return endpoint.suffix
