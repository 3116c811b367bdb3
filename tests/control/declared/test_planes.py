"""Settings of data planes: told by each in its own signature, recorded in versions, and drift by hand is seen."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from bailiwick.control.audit import AuditQuery, search
from bailiwick.core.clock import utc_now
from bailiwick.core.events import AuditEvent
from bailiwick.core.messages import ReportBatch, Sequenced, SettingsReport
from bailiwick.core.statements import SigningKey
from bailiwick.dataplane.agent.settings_watch import SettingsWatch
from bailiwick.dataplane.settings import DataPlaneSettings
from tests.fixtures.company import Company

pytestmark = pytest.mark.req("AI4")


@dataclass
class WatchingPlane:
    """The settings file of the production plane, and what watches it."""

    company: Company
    file: Path
    key: SigningKey = field(default_factory=SigningKey.generate)
    told: list[SettingsReport] = field(default_factory=list)
    sent: int = 0

    def edit(self, **changes: Any) -> None:
        before = yaml.safe_load(self.file.read_text()) if self.file.exists() else {}
        self.file.write_text(yaml.safe_dump(before | changes))

    def started(self) -> SettingsWatch:
        settings = DataPlaneSettings.load(self.file)
        return SettingsWatch(settings, self.file, key=self.key, report=self.told.append, clock=utc_now)

    def heard(self, watch: SettingsWatch, plane: str = "production") -> int:
        """Let it look, and pass on what it says; return how much that was."""
        self.told.clear()
        watch.look(0)
        for report in self.told:
            self.sent += 1
            batch = ReportBatch(spool=plane, reports=(Sequenced(sequence=self.sent, report=report),))
            self.company.control.planes.take_reports(plane, batch)
        return len(self.told)

    def events(self, action: str) -> list[AuditEvent]:
        with self.company.control.store.transaction() as session:
            return [item.event for item in search(session, AuditQuery(action=action)).events]


def watching(company: Company, folder: Path) -> WatchingPlane:
    """Return the production plane of a company with a settings file in a folder."""
    made = WatchingPlane(company, folder / "plane.yaml")
    made.edit(
        plane="production", control_url="https://c:1", credentials="/c", state="/s", ingress_port=1,
        host_suffix="apps.localhost", wheels="/w",
    )  # fmt: skip
    return made


@pytest.fixture
def plane(company: Company, tmp_path: Path) -> WatchingPlane:
    return watching(company, tmp_path)


def test_each_start_of_a_plane_records_what_changed(plane: WatchingPlane) -> None:
    assert plane.heard(plane.started()) == 1
    assert plane.heard(plane.started()) == 1
    plane.edit(ingress_port=2)
    plane.heard(plane.started())
    declared, admin = plane.company.control.declared, plane.company.people["admin"]
    history = declared.planes(admin)["production"]
    assert [item.sequence for item in history.versions] == [1, 2]
    assert [(item.name, item.before, item.after) for item in history.changes(2)] == [("ingress_port", "1", "2")]
    assert history.newest is not None
    assert (history.newest.by, history.newest.file) == ("plane:production", str(plane.file))
    assert declared.history(admin).versions == [], "those of the control plane are others"
    assert [event.resource for event in plane.events("settings.recorded")] == ["plane:production"] * 2


def test_a_file_that_is_changed_by_hand_is_seen_with_when_and_at_which_plane(plane: WatchingPlane) -> None:
    watch, before = plane.started(), plane.file.read_text()
    plane.heard(watch)
    plane.edit(allow_networks=["10.0.0.0/8"])
    assert plane.heard(watch) == 1
    assert plane.heard(watch) == 0, "said once"
    drifts = plane.company.control.declared.drifts
    (drift,) = drifts(plane.company.people["security"])
    assert (drift.place, drift.who) == ("plane:production", plane.file.owner())
    assert drift.lines == ["allow_networks: [] → nothing", "allow_networks[0]: nothing → 10.0.0.0/8"]
    assert drift.changed is not None
    (event,) = plane.events("settings.drifted")
    assert event.context["place"] == "plane:production"
    plane.file.write_text("ingress_port: [")
    plane.heard(watch)
    assert "cannot be read as settings" in drifts(plane.company.people["security"])[0].lines[0]
    plane.file.write_text(before)
    plane.heard(watch)
    assert all(item.ended is not None for item in drifts(plane.company.people["security"]))


def test_nobody_speaks_for_a_plane_but_the_plane(plane: WatchingPlane) -> None:
    plane.heard(plane.started())
    plane.edit(ingress_port=2)
    plane.key = SigningKey.generate()
    plane.heard(plane.started())
    plane.sent = 0
    plane.heard(plane.started(), "editor")
    refused = {event.resource: event.reason for event in plane.events("settings.refused")}
    assert "a key that is not trusted here" in refused["plane:production"]
    assert "of another plane" in refused["plane:editor"]
    admin = plane.company.people["admin"]
    assert {name: len(item.versions) for name, item in plane.company.control.declared.planes(admin).items()} == {
        "production": 1
    }
    with psycopg.connect(plane.company.control.settings.database_url.get_secret_value()) as connection:
        connection.execute("UPDATE settings_versions SET plane = 'editor'")
    assert plane.company.control.declared.planes(admin)["editor"].problem == "version 1 is of another plane"
