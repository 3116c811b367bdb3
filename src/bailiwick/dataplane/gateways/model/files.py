"""Images, sound and files in prompts: what is in them is not looked through, so they go only where policy lets them."""

from collections.abc import Iterator
from typing import Any

from bailiwick.dataplane.gateways.refusals import CallRefusedError

# Where prompts are in the bodies of the wires.
_PROMPTS = ("messages", "input", "system", "prompt")
# Parts of prompts that are no text, as OpenAI's and Anthropic's wires name them.
_KINDS = frozenset(
    {"image", "image_url", "input_image", "computer_screenshot", "input_audio", "audio", "file", "input_file",
     "image_file", "container_upload"}
)  # fmt: skip
# What holds or names such a part, whatever the part is called.
_FIELDS = frozenset({"image_url", "file_id", "file_data", "file_url", "input_audio"})
_TEXTS = frozenset({"text", "content"})
# What a model wrote for a tool may have any form of its own.
_TOOL_USES = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})


def require_no_files(document: dict[str, Any], model: str) -> None:
    """Raise `CallRefusedError` for a prompt with an image or a file in it."""
    for name in _PROMPTS:
        kind = next(_files(document.get(name)), "")
        if kind:
            raise CallRefusedError(
                403,
                f"the prompt holds '{kind[:40]}', and {model} gets text only: what is in images and files is not seen",
                hint="send text, or ask whoever runs the platform for `images: true` in the settings of the model",
                deciders=("images-go-where-policy-says",),
            )


def _files(value: Any) -> Iterator[str]:
    """Yield the kinds of images and files in a part of a prompt."""
    if isinstance(value, list):
        for item in value:
            yield from _files(item)
    elif isinstance(value, dict):
        kind = value.get("type")
        source = value.get("source")
        if isinstance(kind, str) and kind in _KINDS:
            yield kind
        if kind == "document" and not (isinstance(source, dict) and source.get("type") in _TEXTS):
            yield "document"
        yield from (name for name in value if name in _FIELDS)
        for name, item in value.items():
            if not (name == "input" and kind in _TOOL_USES):
                yield from _files(item)
