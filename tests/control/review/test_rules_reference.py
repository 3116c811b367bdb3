import pytest
from scripts import rules_reference


@pytest.mark.req("RV2")
def test_every_rule_is_documented_as_it_is() -> None:
    assert rules_reference.TARGET.read_text() == rules_reference.page(), "run python -m scripts.rules_reference"
