"""Settings in versions: recorded at starts, signed, and watched while the control plane runs."""

import json
import os
from collections.abc import Iterator

import psycopg
import pytest
import yaml

from bailiwick.control.app import ControlPlane
from bailiwick.control.declared import effective
from bailiwick.control.settings import ControlSettings
from bailiwick.control.wiring import build_control
from bailiwick.core.errors import ForbiddenError
from tests.fixtures.company import Company
from tests.fixtures.installation import Installation

pytestmark = pytest.mark.req("AI4")


@pytest.fixture
def control(installation: Installation) -> Iterator[ControlPlane]:
    started = build_control(ControlSettings.load(installation.config))
    started.declared.record()
    yield started
    started.store.dispose()


def edit(installation: Installation, **changes: object) -> None:
    content = yaml.safe_load(installation.config.read_text())
    installation.config.write_text(yaml.safe_dump(content | changes))


def noted(installation: Installation, action: str) -> list[dict[str, object]]:
    query = "SELECT convert_from(body, 'UTF8') FROM audit_events WHERE action = %s ORDER BY sequence"
    with psycopg.connect(installation.database_url) as connection:
        return [json.loads(row[0]) for row in connection.execute(query, [action])]


def test_a_start_records_what_changed_and_only_that(
    control: ControlPlane, installation: Installation, company: Company
) -> None:
    control.declared.record()
    edit(installation, max_push_bytes=1000)
    restarted = build_control(ControlSettings.load(installation.config))
    restarted.declared.record()
    restarted.store.dispose()
    history = control.declared.history(company.people["admin"])
    assert [item.sequence for item in history.versions] == [1, 2]
    assert [(item.name, item.after) for item in history.changes(2)] == [("max_push_bytes", "1000")]
    assert history.versions[1].by.startswith("operator:")
    assert len(noted(installation, "settings.recorded")) == 2
    listed = installation.run("settings", "history")
    assert listed.stdout.endswith("changes: 1\n")
    assert installation.run("settings", "diff").exit_code == 0
    assert "max_push_bytes: 52428800 → 1000" in installation.run("settings", "diff", 1).stdout


def test_no_secret_is_shown_or_recorded(control: ControlPlane, installation: Installation, company: Company) -> None:
    password = psycopg.conninfo.conninfo_to_dict(installation.database_url)["password"]
    shown = installation.run("settings", "show")
    assert "database_url = (secret)" in shown.stdout
    with psycopg.connect(installation.database_url) as connection:
        kept = str(connection.execute("SELECT envelope FROM settings_versions").fetchall())
    for text in (shown.stdout, kept, str(control.declared.history(company.people["admin"]))):
        assert str(password) not in text


def test_a_file_that_is_changed_by_hand_is_found_with_who_and_when_and_said_once(
    control: ControlPlane, installation: Installation, company: Company
) -> None:
    control.declared.look()
    assert control.declared.drifts(company.people["admin"]) == []
    before = installation.config.read_text()
    edit(installation, max_push_bytes=1)
    os.utime(installation.config, (1_700_000_000, 1_700_000_000))
    control.declared.look()
    control.declared.look()
    (drift,) = control.declared.drifts(company.people["auditor" if "auditor" in company.people else "security"])
    assert drift.lines == ["max_push_bytes: 52428800 → 1"]
    assert drift.changed is not None
    assert drift.changed.year == 2023
    assert drift.who == installation.config.owner()
    (event,) = noted(installation, "settings.drifted")
    assert event["context"] == {
        "place": "file",
        "who": installation.config.owner(),
        "changed": "2023-11-14 22:13:20+00:00",
        "changes": "max_push_bytes: 52428800 → 1",
    }
    installation.config.write_text(before)
    control.declared.look()
    assert control.declared.drifts(company.people["admin"])[0].ended is not None
    assert len(noted(installation, "settings.drift-ended")) == 1


def test_a_file_that_is_no_settings_any_more_is_drift(
    control: ControlPlane, installation: Installation, company: Company
) -> None:
    for content in ("max_push_bytes: [", "- a list", "unknown_key: 1"):
        installation.config.write_text(content)
        control.declared.look()
        assert "cannot be read as settings" in control.declared.drifts(company.people["admin"])[0].lines[0]


def test_a_version_that_was_changed_or_taken_out_in_the_database_is_found(
    control: ControlPlane, installation: Installation, company: Company
) -> None:
    edit(installation, max_push_bytes=1000)
    restarted = build_control(ControlSettings.load(installation.config))
    restarted.declared.record()
    assert installation.run("settings", "verify").stdout == "intact: 2 versions\n"
    with psycopg.connect(installation.database_url) as connection:
        connection.execute("DELETE FROM settings_versions WHERE sequence = 1")
    restarted.declared.look()
    restarted.store.dispose()
    (drift,) = control.declared.drifts(company.people["admin"])
    assert drift.place == "record"
    assert "version 1 is missing" in drift.lines[0]
    refused = installation.run("settings", "verify")
    assert refused.exit_code == 1
    assert "NOT INTACT" in refused.stdout


def test_whoever_may_not_read_settings_does_not(control: ControlPlane, company: Company) -> None:
    for who in ("builder", "user"):
        with pytest.raises(ForbiddenError):
            control.declared.history(company.people[who])
        with pytest.raises(ForbiddenError):
            control.declared.drifts(company.people[who])


def test_wrong_settings_are_explained_without_their_values(installation: Installation) -> None:
    edit(installation, max_push_bytes="hunter2-secret")
    done = installation.run("settings", "show")
    assert done.exit_code == 1
    assert "max_push_bytes" in done.stderr
    assert "hunter2" not in done.stderr
    installation.config.unlink()
    assert "cannot be read" in installation.run("settings", "show").stderr


def test_each_setting_has_a_name_of_its_own(installation: Installation) -> None:
    found = effective(ControlSettings.load(installation.config))
    assert found["console.host"] == "127.0.0.1"
    assert found["role_rules[0].role"] == "org-admin"
    assert found["step_up"] == "[]"
    assert found["first_administrator"] == "none"
