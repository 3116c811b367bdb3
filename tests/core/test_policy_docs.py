"""The policies that the documentation shows are good, and so are their test cases."""

import re
from pathlib import Path

import pytest

from bailiwick.core.policy import ORGANIZATION, CustomerSet, PolicyEngine, check

TEXT = (Path(__file__).parents[2] / "docs" / "policies.md").read_text()
EXAMPLES = re.findall(r"```cedar\n(.*?)```\n\n```toml\n(.*?)```", TEXT, flags=re.DOTALL)


@pytest.mark.req("ID1")
@pytest.mark.parametrize(("policies", "tests"), EXAMPLES)
def test_an_example_is_good(policies: str, tests: str) -> None:
    assert check(CustomerSet("example", 1, ORGANIZATION, policies), tests, PolicyEngine.built_in).problems == []


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == TEXT.count("```cedar") == 3
