"""An organisation's own patterns and words: found by one core everywhere; faults are told at the start."""

import subprocess
import sys
from pathlib import Path

import pytest
import typer
from pydantic import ValidationError

from bailiwick.control.prompt_settings import PromptSettings, RedactionSettings
from bailiwick.core.masking import Masker
from bailiwick.core.redaction import LogMasker, Own, Redaction
from bailiwick.core.redaction_rules import OwnPattern, OwnRules, OwnWords
from bailiwick.faces.cli.redact import read_rules

pytestmark = pytest.mark.req("AI1")
RULES = OwnRules(
    patterns=(
        OwnPattern(name="customer-number", pattern=r"KD-\d{6}"),
        OwnPattern(name="machine", pattern=r"\b\d{4}-[A-Z]{2}\b", near=("serial", "Gerät")),
    ),
    dictionaries=(
        OwnWords(name="project", words=("Bluebird", "Operation Night Owl", "AT&T", "C++ Core")),
        OwnWords(name="customer", words=("Müller & Söhne", "Acme"), ignore_case=True),
    ),
)
OWN = Own(RULES)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ask KD-123456, KD-123456 and KD-9", "ask [CUSTOMER_NUMBER_1], [CUSTOMER_NUMBER_1] and KD-9"),
        ("serial no. 1234-AB", "serial no. [MACHINE_1]"),
        ("das GERÄT hat 1234-AB", "das GERÄT hat [MACHINE_1]"),
        ("the order 1234-AB", "the order 1234-AB"),
        ("Bluebird, bluebird, Bluebirds", "[PROJECT_1], bluebird, Bluebirds"),
        ("Operation  Night\nOwl begins", "[PROJECT_1] begins"),
        ("we told AT&T of C++ Core", "we told [PROJECT_1] of [PROJECT_2]"),
        ("MÜLLER & SÖHNE, acme, acmes", "[CUSTOMER_1], [CUSTOMER_2], acmes"),
        ("漢字 Acme 漢字 🙂 KD-654321", "漢字 [CUSTOMER_1] 漢字 🙂 [CUSTOMER_NUMBER_1]"),
    ],
)
def test_each_is_found_whole_and_where_it_may_be(text: str, shown: str) -> None:
    for profile in ("secrets", "all"):
        assert Redaction(profile, OWN).redact(text) == shown  # type: ignore[arg-type]


def test_a_list_of_fifty_thousand_finds_its_own() -> None:
    words = tuple(f"Customer{number:05d} Holding" for number in range(50_000))
    own = Own(OwnRules(dictionaries=(OwnWords(name="customer", words=words),)))
    text = "Holding on: Customer31337 Holding and Customer5 Holding."
    assert own.masked(text) == "Holding on: [CUSTOMER] and Customer5 Holding."
    with pytest.raises(ValidationError, match="words are too many"):
        OwnRules(dictionaries=(OwnWords(name="customer", words=(*words, "one more")),))


def test_lines_of_logs_lose_them_beside_known_values() -> None:
    masker = LogMasker(Masker(["the-password"]), OWN)
    assert masker.mask("acme has the-password, KD-123456\n") == "[CUSTOMER] has •••, [CUSTOMER_NUMBER]\n"
    assert LogMasker(Masker(), Own()).mask("acme") == "acme"


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"patterns": [{"name": "x-y", "pattern": "(?=a)b"}]}, "RE2 cannot read it"),
        ({"patterns": [{"name": "x-y", "pattern": "a*"}]}, "matches nothing at all"),
        ({"patterns": [{"name": "email", "pattern": "a"}]}, "choose another name"),
        ({"patterns": [{"name": "Wrong Name", "pattern": "a"}]}, "pattern"),
        ({"patterns": [{"name": "ok", "patern": "a"}]}, "patern"),
        ({"dictionaries": [{"name": "empty"}]}, "has no word"),
        ({"dictionaries": [{"name": "signs", "words": ["---"]}]}, "no letter"),
        ({"dictionaries": [{"name": "far", "file": "/nowhere/words.txt"}]}, "cannot be read"),
    ],
)
def test_faults_are_told_at_the_start(section: object, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        RedactionSettings.model_validate(section)


def test_words_of_a_file_are_read_and_its_faults_are_told_by_their_line_only(tmp_path: Path) -> None:
    file = tmp_path / "customers.txt"
    file.write_text("# ours\nAcme\n\n  Müller & Söhne  \n")
    made = RedactionSettings.model_validate({"dictionaries": [{"name": "customer", "file": str(file)}]})
    assert made.rules.dictionaries[0].words == ("Acme", "Müller & Söhne")
    for wrong, words in (("Acme\nxy\n", "line 2 of"), ("Confidential Ltd\n---\n", "no letter")):
        file.write_text(wrong)
        with pytest.raises(ValidationError, match=words) as told:
            RedactionSettings.model_validate({"dictionaries": [{"name": "customer", "file": str(file)}]})
        assert "xy" not in str(told.value) and "Confidential" not in str(told.value)


def test_topics_need_something_to_be_known_by() -> None:
    with pytest.raises(ValidationError, match="neither words nor patterns"):
        PromptSettings.model_validate({"topics": [{"name": "nothing"}]})


def test_the_command_line_takes_the_rules_of_a_file(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("redaction:\n  patterns:\n    - {name: customer-number, pattern: 'KD-\\d{6}'}\n")
    command = [Path(sys.executable).with_name("bailiwick"), "redact", "--rules", rules]
    done = subprocess.run(command, input=b"ask KD-123456", capture_output=True, check=False)
    assert done.stdout == b"ask [CUSTOMER_NUMBER_1]"


def test_the_command_line_says_what_is_wrong_with_the_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = tmp_path / "rules.yaml"
    for text, words in (("patterns:\n  - {name: x-y, pattern: '('}\n", "patterns.0.pattern"), ("a: [", "as YAML")):
        rules.write_text(text)
        with pytest.raises(typer.Exit):
            read_rules(rules)
        assert words in capsys.readouterr().err
