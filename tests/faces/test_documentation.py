"""The documentation: links lead somewhere, commands are there with their options, pages made from code are current."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from scripts import code_reference
from typer.main import get_command

from bailiwick.faces import console
from bailiwick.faces.cli.main import root

HERE = Path(__file__).parents[2]
DOCS = HERE / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
TEMPLATES = sorted((Path(console.__file__).parent / "templates").glob("*.html"))
_LINK = re.compile(r"(?<!`)\[[^\]\n]*\]\(([^)\s]+)\)")
_SHELL = re.compile(r"```(?:sh|bash|console|shell)\n(.*?)```", re.DOTALL)
_SHOWN = re.compile(r'parts\.commands\("([^"]*(?:\\"[^"]*)*)"')
_ENDS = {"|", ">", "<", "&&", ";", "||", ">>", "2>&1", "&"}


@pytest.mark.parametrize("page", sorted(code_reference.PAGES))
def test_a_page_that_is_made_is_current(page: str) -> None:
    made = code_reference.PAGES[page]()
    assert (code_reference.TARGET / page).read_text() == made, "run python -m scripts.code_reference"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_links_lead_to_pages_and_pictures_that_are_there(page: Path) -> None:
    broken = []
    for link in _LINK.findall(re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_is_in_the_navigation() -> None:
    nav = yaml.safe_load((HERE / "mkdocs.yml").read_text())["nav"]
    assert sorted(named(nav)) == [str(page.relative_to(DOCS)) for page in PAGES]


def test_every_command_that_is_shown_is_there_with_its_options() -> None:
    wrong = []
    for source, line in shown():
        fault = misses(line)
        if fault:
            wrong.append((source, line, fault))
    assert wrong == []


def test_a_command_that_is_not_there_is_noticed() -> None:
    assert misses("bailiwick app nothing") == "nothing"
    assert misses("bailiwick deploy finance/desk --quickly") == "--quickly"
    assert misses("bailiwick deploy finance/desk --commit abc | cat --quickly") == ""


def anchors(page: Path) -> set[str]:
    """Return what a page's headings are called in addresses."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", head.lower()).strip()) for head in heads}


def named(nav: list[Any]) -> Iterator[str]:
    """Yield the pages of a navigation."""
    for item in nav:
        for entry in item.values():
            if isinstance(entry, str):
                yield entry
            else:
                yield from named(entry)


def shown() -> Iterator[tuple[str, str]]:
    """Yield every command of ours that documentation and pages show, with where."""
    for file in [*PAGES, HERE / "README.md", HERE / "CONTRIBUTING.md"]:
        for block in _SHELL.findall(file.read_text()):
            for line in block.replace("\\\n", " ").splitlines():
                yield from ((file.name, part) for part in ours(line))
    for file in TEMPLATES:
        for block in _SHOWN.findall(file.read_text()):
            for line in block.replace('\\"', '"').replace("\\'", "'").split("\\n"):
                yield from ((file.name, part) for part in ours(line))


def ours(line: str) -> Iterator[str]:
    """Yield what of a line of a shell is ours."""
    found = re.match(r"\s*(?:\$ )?(?:[A-Z_]+=\S+ )*(?:sudo )?(bailiwick .*)", line)
    if found:
        yield found[1]


def misses(line: str) -> str:
    """Return the word of a command that there is no such command or option for; empty when all are there."""
    try:
        words = shlex.split(line, comments=True)[1:]
    except ValueError:
        words = line.split()[1:]
    command: Any = get_command(root)
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        name = words.pop(0)
        if name not in command.commands:
            # A verb with a default of its own takes what follows as its arguments.
            return "" if getattr(command, "invoke_without_command", False) and command.params[1:] else name
        command = command.commands[name]
    options = {option for item in command.params for option in (*item.opts, *item.secondary_opts)} | {"--help"}
    for word in words:
        if word in _ENDS:
            return ""
        if word.startswith("--") and word.partition("=")[0] not in options and len(word) > 2:
            return word
    return ""
