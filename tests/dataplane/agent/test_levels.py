"""The level of isolation that policy demands: given or refused, never weakened."""

import pytest
from typer.testing import CliRunner

from bailiwick.core.guardrails import Guardrails, IsolationLevel, IsolationRails
from bailiwick.core.messages import AttestationReport
from bailiwick.dataplane.sandbox import levels
from bailiwick.faces.cli.main import root
from tests.fixtures.plane import APP, HELLO, PlaneHouse


def at(level: IsolationLevel) -> Guardrails:
    return Guardrails(isolation=IsolationRails(level=level))


@pytest.mark.req("RT1", "RT3")
async def test_what_runs_below_the_level_that_is_demanded_ends_and_says_why(
    house: PlaneHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(levels, "why_no_gvisor", lambda _: ("this host has no runsc", "install runsc"))
    release = house.release({"app.py": HELLO})
    await house.until_running(release)
    assert (await house.get("/")).text == "hello"
    attested = await house.until(lambda: [item for item in house.reports() if isinstance(item, AttestationReport)])
    assert b'"process: bubblewrap, ' in attested[0].envelope.payload_bytes()
    sandbox = house.plane._host._served[(APP, "production")].instance.sandbox  # type: ignore[union-attr]
    await house.serve(release.model_copy(update={"guardrails": at("gvisor")}))
    refused = await house.until_status("refused", state=release)
    assert "this host has no runsc" in refused.words
    assert "install runsc" in refused.words
    await house.until(lambda: sandbox.is_over)
    answer = await house.get("/")
    assert (answer.status_code, "hello" in answer.text) == (503, False)
    assert house.events("release.refused")[0].reason == refused.words
    await house.serve(release)
    await house.until(lambda: [item.status for item in house.statuses()].count("running") == 2)
    assert (await house.get("/")).text == "hello"


@pytest.mark.req("RT1")
def test_the_command_line_refuses_levels_that_are_not_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "why_no_gvisor", lambda _: ("this host has no runsc", "install runsc"))
    for level, words in (
        ("gvisor", "this host has no runsc"),
        ("kubernetes", "it needs a pod of its own"),
        ("none", "isolation.level"),
    ):
        done = CliRunner().invoke(root, ["sandbox", "run", "--level", level, "--", "true"])
        assert (done.exit_code, words in done.output) == (125, True), done.output
