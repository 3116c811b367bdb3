"""The commands that pages teach are commands that there are."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from bailiwick.faces import console
from bailiwick.faces.cli.main import root

TEMPLATES = sorted((Path(console.__file__).parent / "templates").glob("*.html"))
TAUGHT = sorted(
    {
        (path.name, found)
        for path in TEMPLATES
        for found in re.findall(r"bailiwick ((?:[a-z-]+ ?)+(?:(?<= )--[a-z-]+)?)", path.read_text())
    }
)


@pytest.mark.parametrize(("page", "words"), TAUGHT)
def test_a_command_that_a_page_teaches_exists(page: str, words: str) -> None:
    command = get_command(root)
    for word in words.split():
        if word.startswith("--"):
            options = {name for parameter in command.params for name in parameter.opts}
            assert word in {*options, "--help"}, f"{page}: bailiwick {words}"
        elif hasattr(command, "commands"):
            assert word in command.commands, f"{page}: bailiwick {words}"
            command = command.commands[word]
