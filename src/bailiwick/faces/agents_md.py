"""AGENTS.md for apps in a folder: what an agent must know to write code that passes, from what is in force there."""

import re
from collections.abc import Iterator

from bailiwick.control.app import ControlPlane
from bailiwick.core.capabilities import WORDS
from bailiwick.core.principals import Identity
from bailiwick.faces.house_rules import MANIFEST_HELP, integration_lines, standards_on, usable_integrations

_FENCE = re.compile(r"^\s*(`{3,})", re.MULTILINE)


def agents_md(control: ControlPlane, identity: Identity, folder: str) -> str:
    """Return the text; it holds what this person may see, and nothing that was made up."""
    return "\n".join(
        [
            *_head(control, folder),
            *_standards(control, identity, folder),
            *_systems(control, identity),
            *_models(control, identity),
        ]
    )


def _head(control: ControlPlane, folder: str) -> Iterator[str]:
    where = control.settings.public_url.rstrip("/")
    yield from (
        "# AGENTS.md",
        "",
        f"This app is in the folder `{folder}` of {where}. This file is made from what is in force there; make it",
        f"anew with `bailiwick agents-md {folder} > AGENTS.md`. The review checks every push, whatever this file says.",
        "",
        "## How to work",
        "",
        "- Check a change before you push it: `bailiwick review .` ends with 0 when nothing blocks, and says fixes.",
        f"- Push with git to `{where}/git/{folder}/APP.git`. What blocks is refused, with reasons as `remote:` lines.",
        f"- Tools for agents at `{where}/mcp`: house_rules, describe_integrations, review_change, submit_change.",
        "- Never switch a finding off in code or settings: it counts all the same. A person may ask for a waiver.",
        "",
        "## The manifest",
        "",
        *_fenced(MANIFEST_HELP, "text"),
        "",
        "## What code may not do",
        "",
        "The review blocks it, and the sandbox refuses it, unless an administrator opened it for this app:",
        "",
        *(f"- `{name}`: code {words}" for name, words in WORDS.items()),
        "",
    )


def _standards(control: ControlPlane, identity: Identity, folder: str) -> Iterator[str]:
    yield from ("## Coding standards in force", "")
    found = standards_on(control, identity, folder)
    for item in found:
        yield from (f"`{item.label}`, of {item.scope}:", "", *_fenced(item.text.strip(), "toml"), "")
    if not found:
        yield from ("None that you may read.", "")


def _systems(control: ControlPlane, identity: Identity) -> Iterator[str]:
    yield from ("## Business systems", "")
    found = usable_integrations(control, identity)
    for item in found:
        yield from (*_fenced("\n".join(integration_lines(control, item)), "text"), "")
    if not found:
        yield from ("None that you may use. Ask an IT administrator; connect to nothing in any other way.", "")


def _models(control: ControlPlane, identity: Identity) -> Iterator[str]:
    yield from ("## Models", "")
    with control.store.transaction() as session:
        found = control.planes.models.open_to(session, identity)
    for model in found:
        speaks = "`ANTHROPIC_BASE_URL`" if model.family == "anthropic" else "`OPENAI_BASE_URL`"
        declared = f'[models.default] use = "{model.name}"'
        yield f"- `{model.name}`: declared as `{declared}`, called at {speaks} without a key"
    if not found:
        yield "None that you may call by yourself; an app calls what its manifest declares and what was given to it."
    yield ""


def _fenced(text: str, language: str) -> tuple[str, str, str]:
    """Return a text as a block of Markdown that nothing in it ends."""
    longest = max((len(found) for found in _FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}", text, fence
