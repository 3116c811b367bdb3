"""Images and files in prompts of all wires, found wherever they are; words about them are none."""

from typing import Any

import pytest

from bailiwick.dataplane.gateways.model import CallRefusedError
from bailiwick.dataplane.gateways.model.files import require_no_files

pytestmark = pytest.mark.req("AI5")
PICTURE = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}


def said(*parts: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(parts)}]}


@pytest.mark.parametrize(
    "document",
    [
        said({"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}),
        said({"type": "file", "file": {"file_id": "file_1"}}),
        said({"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}),
        said({"type": "image", "source": PICTURE}),
        said({"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}}),
        said({"type": "document", "source": {"type": "content", "content": [{"type": "image", "source": PICTURE}]}}),
        said({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "image", "source": PICTURE}]}),
        {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "https://example.com/a"}]}]},
        {"input": [{"role": "user", "content": [{"type": "input_file", "file_data": "data:;base64,AA=="}]}]},
        {"input": [{"type": "computer_call_output", "output": {"type": "computer_screenshot", "file_id": "f"}}]},
        {"input": [{"type": "something_new", "file_url": "https://example.com/a"}]},
        {"system": [{"type": "image", "source": PICTURE}], "messages": []},
    ],
)
def test_an_image_or_file_is_refused_with_the_reason(document: dict[str, Any]) -> None:
    with pytest.raises(CallRefusedError, match="support-model gets text only") as refused:
        require_no_files(document, "support-model")
    assert (refused.value.status, refused.value.deciders) == (403, ("images-go-where-policy-says",))
    assert "iVBOR" not in str(refused.value)


@pytest.mark.parametrize(
    "document",
    [
        {"input": "look at image_url and file_id"},
        said({"type": "text", "text": '{"type": "image"}'}),
        said({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a plain text"}}),
        said({"type": "tool_use", "id": "t", "name": "draw", "input": {"type": "image", "file_id": 3}}),
        {"messages": [], "tools": [{"input_schema": {"properties": {"file_id": {"type": "string"}}}}]},
        {"model": "m"},
    ],
)
def test_words_and_what_tools_are_asked_for_pass(document: dict[str, Any]) -> None:
    require_no_files(document, "support-model")
