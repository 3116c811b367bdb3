"""What is said of how a commit was made: agent, model and prompts, from its message or by whoever pushes.

It is a claim: nobody can check it. Whom a push is by is known from the credential, and stands beside it. Agents say it
in trailers (git-interpret-trailers(1)): `Agent:`, `Model:`, `Prompt:`, `Generated-By:`, `Assisted-By:`, and
`Co-Authored-By:` where that names a program.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

MOST_PROMPTS = 10
LONGEST_PROMPT = 4000
_LONGEST_NAME = 200
_TRAILER = re.compile(r"(agent|model|prompt|generated-by|assisted-by|co-authored-by):[ \t]*(.*)", re.IGNORECASE)
# `Co-Authored-By:` is for people too: these are the programs that sign with it.
_PROGRAMS = re.compile(
    r"\b(claude|codex|copilot|cursor|aider|gemini|devin|amp|opencode|cline|windsurf|jules|kiro|goose|continue|junie"
    r"|chatgpt|gpt-[\w.-]+)\b",
    re.IGNORECASE,
)
_MODEL_IN_NAME = re.compile(r"\(([^()]{2,80})\)")
_MODEL_NAME = re.compile(r"\b((?:claude[ -](?:opus|sonnet|haiku)|gpt-|gemini[ -]|o\d\b)[\w .-]{0,40})", re.IGNORECASE)
_ADDRESS = re.compile(r"\s*<[^<>]*>\s*$")


@dataclass(frozen=True, slots=True)
class Told:
    """What is claimed: by which agent and model it was made, and what they were asked. Empty where nothing is."""

    agent: str = ""
    model: str = ""
    prompts: tuple[str, ...] = ()

    def over(self, other: "Told") -> "Told":
        """Return this, and what the other says where this says nothing."""
        return Told(self.agent or other.agent, self.model or other.model, self.prompts or other.prompts)

    def bounded(self) -> "Told":
        """Return this with names and prompts cut to what is kept. PostgreSQL has no NUL in texts."""
        said = (prompt.replace("\0", "").strip() for prompt in self.prompts)
        prompts = tuple(_cut(prompt, LONGEST_PROMPT) for prompt in said if prompt)
        name, model = (" ".join(text.replace("\0", "").split()) for text in (self.agent, self.model))
        return replace(
            self, agent=_cut(name, _LONGEST_NAME), model=_cut(model, _LONGEST_NAME), prompts=prompts[:MOST_PROMPTS]
        )


def told_by(message: str) -> Told:
    """Return what a commit's message says of how it was made; a later trailer of the same name adds a prompt only."""
    agent = model = ""
    prompts: list[str] = []
    for name, value in _trailers(message.split("\n")):
        match name:
            case "prompt":
                prompts.append(value)
            case "model":
                model = model or value
            case "co-authored-by" if not _PROGRAMS.search(value):
                continue
            case _:
                agent = agent or _ADDRESS.sub("", value)
    named = _MODEL_IN_NAME.search(agent) or _MODEL_NAME.search(agent)
    return Told(agent, model or (named[1].strip() if named else ""), tuple(prompts)).bounded()


def _trailers(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield trailers with their folded lines; a line that begins with a blank goes on with the one before."""
    name, value = "", ""
    for line in lines:
        if name and line[:1] in {" ", "\t"}:
            value += "\n" + line.strip()
            continue
        if name:
            yield name, value.strip()
        found = _TRAILER.fullmatch(line.rstrip("\r"))
        name, value = (found[1].lower(), found[2]) if found else ("", "")
    if name:
        yield name, value.strip()


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
