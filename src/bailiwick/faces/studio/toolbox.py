"""The tools that a model has in a turn: those of the draft, and those of MCP that are about what is so.

Every tool of MCP is offered as it is there, new ones too, but those that the draft's own stand for, those that make or
send other apps, and those that destroy. Each works on the app of the conversation only.
"""

import functools
from collections.abc import Sequence
from typing import Any

from fastapi.concurrency import run_in_threadpool
from mcp.types import CallToolRequestParams, TextContent
from pydantic import ValidationError

from bailiwick.control.studio import ToolAnswer, ToolCall, ToolWords, arguments_of
from bailiwick.core.errors import BailiwickError
from bailiwick.faces.mcp.server import run_tool
from bailiwick.faces.mcp.tool import Answer, Tool
from bailiwick.faces.mcp.tools import TOOLS
from bailiwick.faces.studio.desk import Desk, DeskTool
from bailiwick.faces.studio.sending import DOOR
from bailiwick.faces.studio.tools import DESK_TOOLS

_NOT_HERE = frozenset(
    {"find_apps", "create_app", "describe_integrations", "agents_md", "review_change", "submit_change",
     "request_approval"}
)  # fmt: skip
_MOST_PROBLEMS = 5
_DESK = {tool.name: tool for tool in DESK_TOOLS}


@functools.cache
def shared_tools() -> dict[str, Tool[Any]]:
    """Return the tools of MCP that are offered here, by name."""
    offered = (tool for tool in TOOLS if not tool.destroys and tool.name not in _NOT_HERE | _DESK.keys())
    return {tool.name: tool for tool in offered}


class StudioToolbox:
    """The tools of one turn."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def words(self) -> Sequence[ToolWords]:
        """The tools as models are told of them."""
        shared = [
            ToolWords(tool.name, tool.description, tool.arguments.model_json_schema())
            for tool in shared_tools().values()
        ]
        return [*(tool.words for tool in DESK_TOOLS), *shared]

    async def run(self, call: ToolCall) -> ToolAnswer:
        """Run one; what is wrong with a call is its answer."""
        arguments = arguments_of(call)
        if arguments is None:
            return ToolAnswer("the arguments are no JSON object; nothing was done. Send them again, whole", failed=True)
        mine, shared = _DESK.get(call.name), shared_tools().get(call.name)
        if mine is not None:
            return await self._on_desk(mine, arguments)
        if shared is not None:
            return await self._shared(shared, arguments)
        known = ", ".join([*_DESK, *shared_tools()])
        return ToolAnswer(f"there is no tool of this name here; there are: {known}", failed=True)

    async def _on_desk(self, tool: DeskTool[Any], arguments: dict[str, Any]) -> ToolAnswer:
        try:
            asked = await run_in_threadpool(tool.arguments.model_validate, arguments)
            answer = await tool.run(self._desk, asked)
        except ValidationError as fault:
            # Not the value: it may be a secret that came into the wrong place.
            said = [f"{'.'.join(map(str, it['loc']))[:120]}: {it['msg']}" for it in fault.errors(include_input=False)]
            return ToolAnswer(f"{'; '.join(said[:_MOST_PROBLEMS])}; nothing was done", failed=True)
        except BailiwickError as fault:
            answer = Answer(_words(fault), failed=True)
        return ToolAnswer(answer.text, answer.failed)

    async def _shared(self, tool: Tool[Any], arguments: dict[str, Any]) -> ToolAnswer:
        app = self._desk.conversation.app
        if "app" in tool.arguments.model_fields:
            if arguments.get("app", app) not in {"", app}:
                return ToolAnswer(f"this conversation is about {app} only", failed=True)
            arguments = {**arguments, "app": app} if not arguments.get("review") else arguments
        params = CallToolRequestParams(name=tool.name, arguments=arguments)
        result = await run_tool(self._desk.control, self._desk.agent, tool, params, door=DOOR)
        text = "\n".join(block.text for block in result.content if isinstance(block, TextContent))
        return ToolAnswer(text, bool(result.is_error))


def _words(fault: BailiwickError) -> str:
    lines = [fault.message]
    lines += [f"next: {fault.hint}"] if fault.hint else []
    lines += [f"decided by: {', '.join(fault.deciders)}"] if fault.deciders else []
    words = fault.details.get("words") if fault.details else None
    return "\n".join([*lines, *([str(words)] if words else [])])
