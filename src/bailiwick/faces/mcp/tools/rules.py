"""Tools about what is so before any code: standards, the manifest, and the business systems that may be used."""

from typing import Annotated, Any

from pydantic import Field

from bailiwick.control.integrations import Integration
from bailiwick.faces.agents_md import agents_md
from bailiwick.faces.house_rules import MANIFEST_HELP, integration_lines, standards_on, usable_integrations
from bailiwick.faces.mcp.arguments import FolderPath, Line
from bailiwick.faces.mcp.tool import Answer, Arguments, Caller, Tool, in_thread


class RulesArguments(Arguments):
    """Which folder."""

    folder: FolderPath


class IntegrationArguments(Arguments):
    """Which business system."""

    name: Annotated[Line, Field(description="one integration; empty for all that you may use")] = ""


def _rules(caller: Caller[RulesArguments]) -> Answer:
    standards = standards_on(caller.control, caller.identity, caller.arguments.folder)
    lines = [MANIFEST_HELP, ""]
    for item in standards:
        lines += [f"Coding standard {item.label}, of {item.scope}, checked by the review:", item.text.strip(), ""]
    if not standards:
        lines.append("No coding standard of the organisation that you may read stands on this folder.")
    lines.append("next: write code that keeps to this, then review_change")
    data = [{"standard": item.label, "scope": item.scope, "text": item.text} for item in standards]
    return Answer("\n".join(lines), {"manifest": MANIFEST_HELP, "standards": data})


def _agents_md(caller: Caller[RulesArguments]) -> Answer:
    text = agents_md(caller.control, caller.identity, caller.arguments.folder)
    return Answer(text, {"path": "AGENTS.md", "text": text})


def _integrations(caller: Caller[IntegrationArguments]) -> Answer:
    found = usable_integrations(caller.control, caller.identity, caller.arguments.name)
    lines = [line for item in found for line in integration_lines(caller.control, item)]
    if not found:
        lines = [
            "There is no integration that you may use, or none of this name.",
            "What an app of yours was given already, describe_columns shows.",
            "next: ask an IT administrator for one; do not connect to business systems in any other way",
        ]
    described = [{**_described(item), "words": integration_lines(caller.control, item)} for item in found]
    return Answer("\n".join(lines), {"integrations": described})


def _described(item: Integration) -> dict[str, Any]:
    offers = {rule: [table.model_dump(mode="json") for table in tables] for rule, tables in item.offers.items()}
    return {"name": item.name, "kind": item.kind, "description": item.description, "offers": offers}


HOUSE_RULES = Tool(
    "house_rules",
    "House rules",
    "Return the rules that code in a folder is held to: how the manifest is written, what holds everywhere, and the "
    "coding standards in force there. Read them before you write code.",
    RulesArguments,
    in_thread(_rules),
)
DESCRIBE_INTEGRATIONS = Tool(
    "describe_integrations",
    "Business systems",
    "Return the business systems that you may use, and what each offers: tables, columns, which of them are masked, "
    "and which rows. An app asks for them in its manifest.",
    IntegrationArguments,
    in_thread(_integrations),
)
AGENTS_MD = Tool(
    "agents_md",
    "AGENTS.md",
    "Return the text of an AGENTS.md for apps in a folder: what code must keep to there, which business systems and "
    "models there are, and how a change is checked and pushed. Write it to the root of the app.",
    RulesArguments,
    in_thread(_agents_md),
)
