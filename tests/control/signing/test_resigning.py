"""Releases that are served are signed again after their key ended, when they are what they were."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.release.tables import ReleaseRow
from bailiwick.core.artifacts import TreeFile, digest, unpack
from bailiwick.core.chain import artifact_statement
from bailiwick.core.clock import Clock, utc_now
from bailiwick.core.errors import ForbiddenError, InvalidInputError
from bailiwick.core.gate import is_gate
from bailiwick.core.provenance import Built, image_name
from bailiwick.core.sealing import Order, Sealed, seal_release
from bailiwick.core.statements import Envelope, SignatureError, Statement, read_envelope, sign_statement
from tests.control.signing.test_keys import newest, start_at_plane, state_at_plane
from tests.fixtures.company import APP, Company
from tests.fixtures.releasing import deployed, released
from tests.fixtures.wheels import Shelf

REASON = "the old key was stolen"


def revoke(company: Company, purpose: str = "release") -> None:
    company.control.signing.revoke(company.people["admin"], newest(company, purpose).id, "stolen")


def resigned(company: Company) -> dict[str, str]:
    """Sign again what is served; return the problems by mode, empty where there were none."""
    done = company.control.resigning.resign(company.people["security"], REASON)
    return {item.mode: item.problem for item in done}


@pytest.mark.req("DG7")
def test_what_a_revoked_key_signed_starts_again_once_it_is_signed_again(company: Company) -> None:
    release = released(company)
    before = state_at_plane(company)
    company.control.signing.rotate(company.people["admin"], "release", "once a year")
    company.control.signing.revoke(company.people["admin"], before.artifact.signatures[0].keyid, "stolen")
    with pytest.raises(SignatureError, match="was revoked on"):
        start_at_plane(company)
    for name in ("builder", "approver", "user"):
        with pytest.raises(ForbiddenError):
            company.control.resigning.resign(company.people[name], REASON)
    with pytest.raises(InvalidInputError, match="needs a reason"):
        company.control.resigning.resign(company.people["admin"], " ")
    assert resigned(company) == {"preview": "", "production": ""}
    assert start_at_plane(company) == release
    after = state_at_plane(company)
    assert (after.verdict, after.approvals) == (before.verdict, before.approvals)
    assert after.artifact.payload == before.artifact.payload
    assert after.artifact.signatures[0].keyid == newest(company, "release").id
    assert ("release.resigned", "user:security@example.com") in company.actions()
    assert resigned(company) == {}, "nothing is left to do"


@pytest.mark.req("DG7")
def test_approvals_and_verdicts_are_not_said_again_for_somebody_else(company: Company) -> None:
    released(company)
    revoke(company, "approval")
    revoke(company)
    found = resigned(company)
    assert found["preview"] == ""
    assert "approval: signed by the key" in found["production"]
    assert "deploy it again, with a new approval" in found["production"]
    with pytest.raises(SignatureError):
        start_at_plane(company)
    assert ("release.not-resigned", "user:security@example.com") in company.actions()
    assert deployed(company) == start_at_plane(company)
    revoke(company, "review")
    revoke(company)
    assert "push it again" in resigned(company)["preview"]


def keep_forged(company: Company, sealed: Sealed) -> None:
    """Keep what somebody made with a stolen key, as somebody who can write to store and database."""
    blobs = company.control.settings.state / "artifacts" / "blobs" / "sha256"
    chain = sealed.chain
    for blob in (sealed.data, *(text(item).encode() for item in chain.attachments)):
        (blobs / digest(blob)).write_bytes(blob)
    with company.control.store.transaction() as session:
        row = in_production(session)
        row.artifact_sha256 = digest(sealed.data)
        row.chain = {
            **row.chain,
            "artifact": json.loads(text(chain.artifact)),
            "attachments": [digest(text(item).encode()) for item in chain.attachments],
            "layer": sealed.layer,
        }


def text(envelope: Envelope) -> str:
    return envelope.model_dump_json(by_alias=True)


def in_production(session: Session) -> ReleaseRow:
    return session.scalars(select(ReleaseRow).where(ReleaseRow.mode == "production")).one()


def forged(company: Company, **changes: Any) -> Sealed:
    """Return what is in production, changed, as the key for releases signs it."""
    with company.control.store.transaction() as session:
        row = in_production(session)
        key = company.control.vault.signing_key(session, "release")
        order = Order(
            app=APP, release=row.id, mode="production", commit=row.commit, tree=row.tree, reach=row.reach,
            authors=frozenset(row.authors), verdict=Envelope.model_validate(row.chain["verdict"]),
            approvals=tuple(Envelope.model_validate(item) for item in row.chain["approvals"]),
            files=list(unpack(company.control.planes.artifact("production", row.artifact_sha256)).values()),
            built=Built(), bill={}, version="0.1", time=utc_now(),
        )  # fmt: skip
        kept = [kept_statement(company, name) for name in row.chain["attachments"]]
    sealed = seal_release(replace(order, **changes), key)
    # Whoever has the key for releases alone cannot sign a gate, and can bring along the one that there is.
    gates = [item for item in kept if is_gate(Statement.from_bytes(item.payload_bytes()))]
    chain = replace(sealed.chain, attachments=(*sealed.chain.attachments, *gates))
    said = Statement.from_bytes(chain.artifact.payload_bytes())
    facts = {name: str(said.predicate[name]) for name in ("release", "commit", "reach", "mode", "layer")}
    subjects = said.subjects
    statement = artifact_statement(
        app=APP, tree=subjects[APP]["gitTree"], sha256=subjects[APP]["sha256"], authors=order.authors,
        image=subjects[image_name(APP)]["sha256"], others=chain.others, gate=True, **facts,
    )  # fmt: skip
    return replace(sealed, chain=replace(chain, artifact=sign_statement(statement, key)))


def kept_statement(company: Company, sha256: str) -> Envelope:
    """Return a statement as the store keeps it."""
    return read_envelope((company.control.settings.state / "artifacts" / "blobs" / "sha256" / sha256).read_bytes())


@pytest.mark.req("DG7")
def test_what_is_not_what_was_approved_is_not_signed_again(company: Company) -> None:
    """Whoever stole the key, and can write to store and database, gets no good signature from us."""
    released(company)
    other = forged(company, files=[TreeFile("app.py", b"app = 6")], tree="0" * 40)
    revoke(company)
    sha256 = state_at_plane(company).artifact_sha256
    blob = company.control.settings.state / "artifacts" / "blobs" / "sha256" / sha256
    good = blob.read_bytes()
    blob.write_bytes(good.replace(b"app = 1", b"app = 6"))
    assert "was changed on the disk" in resigned(company)["production"]
    blob.write_bytes(good)
    keep_forged(company, other)
    assert "the reviewed tree is not the one expected" in resigned(company)["production"]
    assert company.actions().count(("release.resigned", "user:security@example.com")) == 1, "the preview, once"


class TestWithAClockThatJumps:
    """The keys of the moment of signing count, not those of the moment before."""

    @pytest.fixture
    def times(self) -> list[datetime]:
        return []

    @pytest.fixture
    def clock(self, times: list[datetime]) -> Clock:
        return lambda: times[0] if times else utc_now()

    @pytest.mark.req("DG7")
    def test_what_ends_while_it_is_examined_is_not_signed(
        self, company: Company, times: list[datetime], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        released(company)
        now = utc_now()
        company.control.signing.rotate(company.people["admin"], "approval", "soon", now + timedelta(hours=1))
        company.control.signing.rotate(company.people["admin"], "release", "once a year")
        original = company.control.resigning._examined

        def examined(*arguments: Any) -> Any:
            found = original(*arguments)
            times[:] = [now + timedelta(hours=2)]
            return found

        monkeypatch.setattr(company.control.resigning, "_examined", examined)
        found = resigned(company)
        assert "approval: signed by the key" in found["production"]
        assert "deploy it again" in found["production"]


class TestWithDependencies:
    """What only the ended key vouched for is made again before it is signed again."""

    @pytest.fixture
    def more_settings(self, shelf: Shelf) -> dict[str, Any]:
        return shelf.settings

    @pytest.mark.req("DG7")
    def test_other_dependencies_are_not_signed_again(self, company: Company, shelf: Shelf) -> None:
        assert company.push("builder", shelf.lock("requests==2.31.0")).accepted
        release = deployed(company)
        good = forged(company, built=built_of(company))
        poisoned = forged(company, built=replace(built_of(company), layer="1a" * 32))
        revoke(company)
        keep_forged(company, poisoned)
        # The gate, which the key for approvals signed, names the image with the dependencies that were approved.
        assert "deploy-gate/v1 is about another artefact" in resigned(company)["production"]
        keep_forged(company, good)
        assert resigned(company) == {"production": ""}
        assert start_at_plane(company) == release


def built_of(company: Company) -> Built:
    state = state_at_plane(company)
    return Built(state.layer, len(company.control.planes.artifact("production", state.layer)))
