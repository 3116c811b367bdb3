"""`bailiwick model inventory`, `off`, `on`, `switches` and `log` before real servers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bailiwick.control.model_settings import ModelSettings
from bailiwick.core.clock import utc_now
from bailiwick.dataplane.gateways.model.prompt_log import Entry
from tests.control.inference.test_outflows import report, seen
from tests.faces.cli.conftest import CommandLine
from tests.fixtures.company import APP
from tests.fixtures.model_gateway import ModelHouse, model_house


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[ModelHouse]:
    with model_house(tmp_path / "plane") as made:
        yield made


@pytest.fixture
def more_settings(gateway: ModelHouse) -> dict[str, Any]:
    models = [{"name": "support-model", "wire": "openai-chat", "url": "https://models.example.com/v1", "model": "nova"}]
    return {"inference": ModelSettings.model_validate({"gateway": gateway.url, "models": models})}


@pytest.mark.req("AI2")
def test_what_left_is_listed_and_switched_off(command_line: CommandLine, gateway: ModelHouse) -> None:
    run = command_line.run
    report(command_line.company, seen(), seen(place="user", data_class="iban", bytes=0, found=2, redacted=1), seen(""))
    lines = run("builder", "model", "inventory").output.splitlines()
    assert len(lines) == 2
    assert "support-model        finance/desk for user:eve@example.com" in lines[0]
    assert "iban in messages of the user         2 found, 1 taken out" in lines[1]
    found: Any = json.loads(run("admin", "model", "inventory", "--json").output)
    assert {(line["app"], line["place"], line["left"]) for line in found["lines"]} == {
        (APP, "user", 0), (APP, "user", 1), ("", "user", 0)
    }  # fmt: skip
    words = ("--app", APP, "--class", "iban", "--reason", "until the audit")
    assert run("builder", "model", "off", *words).exit_code == 1
    made = run("security", "model", "off", *words).output
    assert made.startswith(f"no data of the class iban from app {APP} to any model, from now on; back with: ")
    switch = made.split()[-1]
    assert f"{switch}  no data of the class iban from app {APP}" in run("builder", "model", "switches").output
    assert run("security", "model", "off", "--place", "nowhere", "--reason", "x").exit_code == 1
    assert run("admin", "model", "on", switch, "--reason", "audited").exit_code == 0
    assert run("admin", "model", "switches").output == "nothing is switched off\n"
    assert run("user", "model", "inventory").output == "nothing left for models in 30 days\n"
    # What a plane keeps comes from the plane, with a pass of the control plane's.
    gateway.join(command_line.company.control)
    facts = {
        "person": "user:eve@example.com",
        "endpoint": "/v1/messages",
        "status": 200,
        "tokens_in": 4,
        "tokens_out": 2,
    }
    kept = Entry(utc_now(), APP, "support-model", "redacted", facts, "Who is [EMAIL_1]?", "A \x1b[2Jcustomer.")
    gateway.models.log_door.prompts.log.keep(bytes.fromhex(gateway.prompt_key), kept, 7)
    shown = run("security", "model", "log", APP, "--reason", "case 7").output
    assert "prompt (redacted): Who is [EMAIL_1]?" in shown
    assert "answer (redacted): A \ufffd[2Jcustomer." in shown
    few = ("--person", "user:eve", "--since", "2020-01-01", "--text")
    assert "keeps nothing" in run("security", "model", "log", APP, "--reason", "x", *few, "nobody wrote this").output
    assert run("security", "model", "log", APP, "--reason", "x", *few, kept.prompt[:4].upper()).output == shown
    assert run("builder", "model", "log", APP, "--reason", "mine").exit_code == 1
    assert "keeps nothing" in run("security", "model", "log", "--reason", "case 7").output
    assert [event.action for event in gateway.events] == ["prompt-log.read"] * 4
