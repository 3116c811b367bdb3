"""A process that is started with wrong settings says which, and never what was written there."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from bailiwick.control.settings import ControlSettings
from bailiwick.dataplane.settings import DataPlaneSettings, FrontSettings
from bailiwick.faces.cli.serve import app

SECRET = "hunter2-of-the-database"


@pytest.mark.req("SE1")
@pytest.mark.parametrize("kind", [ControlSettings, DataPlaneSettings, FrontSettings])
@pytest.mark.parametrize("wrong", [f"nothing_known: {SECRET}", f"port: {{at: {SECRET}}}", f"- {SECRET}", f"{{{SECRET}"])
def test_wrong_settings_are_named_without_what_they_hold(tmp_path: Path, kind: type, wrong: str) -> None:
    verb = {ControlSettings: "control", DataPlaneSettings: "data-plane", FrontSettings: "front"}[kind]
    file = tmp_path / "settings.yaml"
    file.write_text(f"{wrong}\n")
    told = CliRunner().invoke(app, [verb, "--config", str(file)])
    assert told.exit_code == 1
    assert str(file) in told.stderr.replace("\n", "")
    assert SECRET not in told.output


@pytest.mark.req("SE1")
@pytest.mark.parametrize("kind", [ControlSettings, DataPlaneSettings, FrontSettings])
def test_no_error_about_settings_has_what_they_hold(tmp_path: Path, kind: type[ControlSettings]) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(f"port: {{at: {SECRET}}}\n")
    with pytest.raises(ValidationError) as fault:
        kind.load(file)
    assert SECRET not in str(fault.value)
