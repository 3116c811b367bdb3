"""What a release's gate says is checked again wherever it starts: stripped, forged and replayed ones are refused."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bailiwick.core.artifacts import TreeFile, git_tree_id
from bailiwick.core.chain import Chain, VerifiedRelease, approval_statement, artifact_statement, verify_chain
from bailiwick.core.chain_words import chain_lines
from bailiwick.core.clock import utc_now
from bailiwick.core.gate import Gate, Seat
from bailiwick.core.grants import ColumnGrant, DataGrant, Mask, Operation, RowCondition, TableGrant
from bailiwick.core.provenance import Built
from bailiwick.core.reach import IntegrationReach, Reach
from bailiwick.core.reach_news import news
from bailiwick.core.sealing import Order, seal_release
from bailiwick.core.statements import GATE, Envelope, SignatureError, Statement, sign_statement
from tests.core.test_chain import ADMIN, APP, APPROVAL, AUTHOR, KEYS, RELEASE, REVIEW
from tests.core.test_chain import verdict as signed_verdict

pytestmark = pytest.mark.req("DG1", "DG2", "DG7")
FILES = [TreeFile("app.py", b"print(1)")]
TREE = git_tree_id({file.path: file for file in FILES})
POLICY = {"rule": "aa" * 32, "policies": "bb" * 32}
SECOND = "user:second@example.com"


def table(**changes: Any) -> TableGrant:
    return TableGrant(**({"relation": "orders", "operations": frozenset({Operation.SELECT}),
                          "columns": (ColumnGrant(name="id"), ColumnGrant(name="card", mask=Mask.LAST4)),
                          "rows": (RowCondition(column="region", equals="EMEA"),)} | changes))  # fmt: skip


def reach(*tables: TableGrant, **changes: Any) -> Reach:
    grant = DataGrant(integration="orders-db", tables=tables or (table(),))
    return Reach(**({"integrations": (IntegrationReach(name="orders", resource="orders-db", grant=grant),),
                     "egress": ("a.example:443",), "models": (), "jobs": (), "data_classes": ("orders",),
                     "memory_bytes": 2**28, "cpu": 1.0, "requests_per_second": 10} | changes))  # fmt: skip


REACH = reach()


def approval(
    approver: str = ADMIN,
    *,
    seats: tuple[str, ...] = ("anyone", "role:approver"),
    deploy: str = "dep_1",
    policy: Mapping[str, str] | None = POLICY,
    behalf: str = "",
) -> Envelope:
    statement = approval_statement(
        app=APP,
        tree=TREE,
        reach=REACH.digest(),
        approver=approver,
        reason="seen",
        deploy=deploy,
        seats=seats,
        policy=policy,
        behalf=behalf,
    )
    return sign_statement(statement, APPROVAL)


FIRST, OTHER = approval(), approval(SECOND, seats=("anyone", "group:security"))


def name_of(envelope: Envelope) -> str:
    import hashlib

    return hashlib.sha256(envelope.payload_bytes()).hexdigest()


def taken(seat: str, approver: str, envelope: Envelope) -> Seat:
    return Seat(seat, approver, name_of(envelope))


def gate(**changes: Any) -> Gate:
    facts: dict[str, Any] = {
        "rule": "rule of finance", "kind": "one", "seats": ("anyone",), "taken": (taken("anyone", ADMIN, FIRST),),
        "policy": POLICY, "deploy": "dep_1", "first": False, "before": REACH, "after": REACH,
        "users_before": ("group:desk",), "users_after": ("group:desk",),
    }  # fmt: skip
    return Gate(**(facts | changes))


TWO = gate(kind="several", seats=("role:approver", "group:security"),
           taken=(taken("role:approver", ADMIN, FIRST), taken("group:security", SECOND, OTHER)))  # fmt: skip
NOBODY = gate(kind="automatic", seats=(), taken=())


def sealed(
    through: Gate | None, *approvals: Envelope, after: Reach = REACH, release: str = "rel_1"
) -> tuple[Chain, bytes]:
    order = Order(app=APP, release=release, mode="production", commit="c1", tree=TREE, reach=after.digest(),
                  authors=frozenset({AUTHOR}), verdict=signed_verdict(tree=TREE), approvals=approvals, files=FILES,
                  built=Built(), bill={"bomFormat": "CycloneDX"}, version="0.1", time=utc_now(),
                  gate=through)  # fmt: skip
    done = seal_release(order, RELEASE, APPROVAL)
    return done.chain, done.data


def verified(found: tuple[Chain, bytes], after: Reach = REACH) -> VerifiedRelease:
    return verify_chain(*found, KEYS, app=APP, mode="production", reach=after.digest())


def resigned(found: tuple[Chain, bytes], chain: Chain, *, gated: bool = True) -> tuple[Chain, bytes]:
    """Sign an artefact of our own over another chain, as whoever holds the key for releases alone could."""
    said = Statement.from_bytes(found[0].artifact.payload_bytes())
    subjects = said.subjects
    facts = {key: str(said.predicate[key]) for key in ("release", "commit", "reach", "mode", "layer")}
    statement = artifact_statement(app=APP, tree=TREE, sha256=subjects[APP]["sha256"], authors=(AUTHOR,),
                                   image=subjects[f"{APP}/image"]["sha256"], others=chain.others, gate=gated,
                                   **facts)  # fmt: skip
    return replace(chain, artifact=sign_statement(statement, RELEASE)), found[1]


def without_gate(chain: Chain) -> tuple[Envelope, ...]:
    return tuple(e for e in chain.attachments if Statement.from_bytes(e.payload_bytes()).predicate_type != GATE)


def test_a_release_says_by_which_rule_it_came_through_and_who_met_it() -> None:
    lines = chain_lines(verified(sealed(TWO, FIRST, OTHER)))
    (line,) = [line for line in lines if line.startswith("gate")]
    assert line.startswith(
        "gate       rule of finance (rule aaaaaaaaaaaa…), met by user:admin@example.com as role:approver"
    )
    assert "user:second@example.com as group:security; new in its reach: nothing" in line
    (line,) = [line for line in chain_lines(verified(sealed(NOBODY))) if line.startswith("gate")]
    assert "automatic: nobody had to approve" in line
    assert verified(sealed(gate(first=True, before=None, users_before=None, seats=("administrator",),
                                taken=(taken("administrator", ADMIN, approval(seats=("administrator",))),)),
                           approval(seats=("administrator",))))  # fmt: skip


@pytest.mark.parametrize(
    ("through", "approvals", "words"),
    [
        (TWO, (FIRST,), "the approval of user:second@example.com that the gate counts is not there"),
        (replace(TWO, taken=TWO.taken[:1]), (FIRST, OTHER), "not each of them was met"),
        (replace(TWO, seats=("anyone", "anyone"), taken=(taken("anyone", ADMIN, FIRST),) * 2), (FIRST,),
         "more than once"),
        (replace(TWO, taken=(taken("role:approver", SECOND, OTHER), taken("group:security", ADMIN, FIRST))),
         (FIRST, OTHER), "did not approve as"),
        (gate(taken=(taken("anyone", AUTHOR, approval(AUTHOR)),)), (approval(AUTHOR),), "wrote some of it"),
        (gate(taken=(taken("anyone", SECOND, FIRST),)), (FIRST,), "the approver whom the gate counts"),
        (gate(taken=(taken("anyone", ADMIN, approval(deploy="dep_0")),)), (approval(deploy="dep_0"),),
         "the deploy that"),
        (gate(policy={"rule": "00"}), (FIRST,), "the policy that was approved under"),
        (gate(taken=(taken("anyone", ADMIN, approval(policy=None)),)), (approval(policy=None),), "the policy that was"),
        (gate(after=reach(egress=())), (FIRST,), "another reach"),
        (gate(seats=(), taken=()), (), "demands nobody's approval"),
        (gate(first=True), (FIRST,), "does not demand an administrator"),
        (replace(NOBODY, first=True), (), "does not demand an administrator"),
        (replace(NOBODY, before=None), (), "lets a first deploy through"),
        (replace(NOBODY, users_before=None), (), "lets a first deploy through"),
        (replace(NOBODY, before=reach(egress=())), (), "something is new in the reach"),
        (replace(NOBODY, before=reach(table(operations=frozenset()))), (), "something is new in the reach"),
        (replace(NOBODY, users_after=("group:desk", "group:everyone")), (), "something is new in the reach"),
        (replace(NOBODY, seats=("anyone",)), (), "demands approvals"),
        (None, (FIRST,), "does not say by which rule"),
    ],
)  # fmt: skip
def test_a_gate_that_was_not_met_is_refused(through: Gate | None, approvals: tuple[Envelope, ...], words: str) -> None:
    with pytest.raises(SignatureError, match=words):
        verified(sealed(through, *approvals))


def test_who_approves_for_somebody_counts_with_them_as_one_and_never_for_an_author() -> None:
    for_author = approval(behalf=AUTHOR)
    with pytest.raises(SignatureError, match="wrote some of it"):
        verified(sealed(gate(taken=(taken("anyone", ADMIN, for_author),)), for_author))
    helped = approval(behalf=SECOND)
    both = replace(TWO, taken=(taken("role:approver", ADMIN, helped), taken("group:security", SECOND, OTHER)))
    with pytest.raises(SignatureError, match="one person was counted more than once"):
        verified(sealed(both, helped, OTHER))


def test_nothing_sensitive_goes_through_by_itself() -> None:
    sensitive = reach(data_classes=("payment-cards",))
    with pytest.raises(SignatureError, match="sensitive data"):
        verified(sealed(replace(NOBODY, before=sensitive, after=sensitive), after=sensitive), sensitive)


def test_the_key_for_releases_alone_strips_no_approval_and_forges_no_gate() -> None:
    good = sealed(TWO, FIRST, OTHER)
    chain = good[0]
    verified(resigned(good, chain))  # the same chain, signed again
    stripped = replace(chain, approvals=(FIRST,))
    with pytest.raises(SignatureError, match="is not there"):
        verified(resigned(good, stripped))
    bare = replace(chain, approvals=(FIRST,), attachments=without_gate(chain))
    for gated in (True, False):  # to the form of before there were gates, where one approval was enough
        with pytest.raises(SignatureError, match="does not say by which rule"):
            verified(resigned(good, bare, gated=gated))
    with pytest.raises(SignatureError, match="nobody but its authors"):
        verified(resigned(good, replace(bare, approvals=()), gated=False))
    subjects = Statement.from_bytes(chain.artifact.payload_bytes()).subjects
    said = NOBODY.predicate(release="rel_1", tree=TREE)
    for key in (RELEASE, REVIEW):
        forged = sign_statement(Statement(GATE, subjects, said), key)
        with pytest.raises(SignatureError, match="attachment: signed by a key"):
            verified(resigned(good, replace(bare, approvals=(), attachments=(*bare.attachments, forged))))
    twice = replace(chain, attachments=(*chain.attachments, chain.attachments[-1]))
    with pytest.raises(SignatureError, match="more than once"):
        verified(resigned(good, twice))


def test_the_gate_of_another_release_opens_nothing() -> None:
    automatic, other = sealed(NOBODY), sealed(gate(), FIRST, release="rel_2")
    borrowed = replace(other[0], approvals=(), attachments=(*without_gate(other[0]), automatic[0].attachments[-1]))
    with pytest.raises(SignatureError, match="the gate's release"):
        verified(resigned(other, borrowed))


def test_what_was_signed_before_there_were_gates_still_starts() -> None:
    old = approval(policy=None)
    assert verified(sealed(None, old)).approvers == (ADMIN,)


@pytest.mark.parametrize(
    ("now", "kinds"),
    [
        (reach(table(columns=(ColumnGrant(name="id"),))), []),
        (reach(table(columns=(ColumnGrant(name="id", mask=Mask.NULL),))), []),
        (reach(table(rows=(RowCondition(column="region", equals="EMEA"), RowCondition(column="id", equals="1")))), []),
        (reach(egress=(), memory_bytes=2**20, cpu=0.5, requests_per_second=1, data_classes=()), []),
        (reach(table(rows=())), ["scope"]),
        (reach(table(columns=(ColumnGrant(name="card"),))), ["scope"]),
        (reach(table(columns=(ColumnGrant(name="id", writable=True),))), ["scope"]),
        (reach(table(namespace="other")), ["scope"]),
        (reach(table(operations=frozenset({Operation.SELECT, Operation.DELETE}))), ["scope"]),
        (reach(egress=("a.example:443", "b.example:443")), ["egress"]),
        (reach(egress=("a.example:443/http",)), ["egress"]),
        (reach(models=("fast",)), ["model"]),
        (reach(jobs=("n: 0 2 * * * app:app",)), ["job"]),
        (reach(data_classes=("orders", "people")), ["data class"]),
        (reach(capabilities=("run-programs",)), ["capability"]),
        (reach(database=True), ["database"]),
        (reach(memory_bytes=2**30), ["limit"]),
    ],
)  # fmt: skip
def test_what_is_wider_is_new_and_what_is_narrower_is_not(now: Reach, kinds: list[str]) -> None:
    assert [line.kind for line in news(REACH, now)] == kinds


def test_another_integration_is_new_by_its_own_name() -> None:
    (one,) = REACH.integrations
    more = one.model_copy(update={"name": "again", "resource": "crm"})
    assert [line.kind for line in news(REACH, reach(integrations=(one, more)))] == ["integration"]
    aliased = one.model_copy(update={"name": "other-name"})
    assert news(REACH, reach(integrations=(aliased,))) == ()
    strict = reach(
        integrations=(one.model_copy(update={"grant": one.grant.model_copy(update={"demands_person": True})}),)
    )
    assert [line.kind for line in news(strict, REACH)] == ["scope"]
    assert {line.kind for line in news(None, REACH)} == {"integration", "egress", "data class", "limit"}


def test_an_emergency_needs_two_people_whatever_the_key_for_approvals_says() -> None:
    both = ("anyone", "anyone")
    two = gate(kind="several", seats=both, emergency="refunds are paid twice",
               taken=(taken("anyone", ADMIN, FIRST), taken("anyone", SECOND, OTHER)))  # fmt: skip
    (line,) = [line for line in chain_lines(verified(sealed(two, FIRST, OTHER))) if line.startswith("gate")]
    assert "as an EMERGENCY: refunds are paid twice" in line
    with pytest.raises(SignatureError, match="the gate of an emergency demands two people"):
        verified(sealed(gate(emergency="refunds are paid twice"), FIRST))
    with pytest.raises(SignatureError, match="the gate of an emergency demands two people"):
        verified(sealed(gate(kind="automatic", seats=(), taken=(), emergency="refunds are paid twice")))
