"""What planes tell of egress, as it is kept and shown."""

from datetime import timedelta

import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.egress_words import advice, bytes_words
from bailiwick.core.messages import EgressRollup, EgressSeen, ReportBatch, Sequenced
from tests.fixtures.company import APP, Company


def seen(address: str = "a.example:443", **values: object) -> EgressSeen:
    usual = {
        "protocol": "tls", "connections": 2, "requests": 0, "sent": 3_000_000_000, "received": 7, "refused": 0,
        "reason": "", "last": utc_now(),
    }  # fmt: skip
    return EgressSeen.model_validate({"address": address, **usual, **values})


def tell(company: Company, *hosts: EgressSeen, sequence: int, app: str = APP, plane: str = "production") -> None:
    rollup = EgressRollup(app=app, mode="production", release="r", start=utc_now(), seconds=10, hosts=hosts)
    batch = ReportBatch(spool="s", reports=(Sequenced(sequence=sequence, report=rollup),))
    company.control.planes.take_reports(plane, batch)


@pytest.mark.req("RT2", "OB6")
def test_what_a_plane_tells_is_summed_by_host_once_and_forgotten_after_a_while(company: Company) -> None:
    undeclared = seen(
        "b.example", protocol="", connections=0, sent=0, received=0, refused=3, reason="it is not declared"
    )
    tell(company, seen(people={"user:a@example.com": 1}), undeclared, sequence=1)
    tell(company, seen(people={"user:a@example.com": 2}, refused=1, reason="the host does not answer"), sequence=2)
    tell(company, seen(), sequence=2)
    tell(company, seen(), sequence=3, plane="editor")
    with company.control.store.transaction() as session:
        lines = {line.address: line for line in company.control.observe.egress(session, APP)}
        points = company.control.observe.egress_points(session, APP)
    told = lines["a.example:443"]
    assert (told.connections, told.sent, told.received, told.refused) == (4, 6_000_000_000, 14, 1)
    assert (told.reason, told.people) == ("the host does not answer", {"user:a@example.com": 3})
    assert lines["b.example"].refused == 3
    assert sum(point.sent for point in points) == 6_000_000_000
    old = EgressRollup(
        app=APP, mode="production", release="r", start=utc_now() + timedelta(days=91), seconds=10, hosts=(seen(),)
    )
    with company.control.store.transaction() as session:
        company.control.observe.take_rollup(session, "production", old)
        assert [line.connections for line in company.control.observe.egress(session, APP)] == [2]


@pytest.mark.parametrize(
    ("address", "protocol", "reason", "words"),
    [
        ("a.example", "", "it is not declared", 'declare it in bailiwick.toml: [egress] allow = ["a.example:443"]'),
        ("a.example:443", "tls", "the name leads to no address that may be reached", "allow_networks"),
        ("a.example:443", "tls", "the TLS connection is for b.example", "declared name"),
        ("a.example:443", "tls", "the app has 200 connections open, which is as many as it may", "guardrail"),
        ("a.example:443", "tls", "DELETE is not allowed at this host, only GET", "opened_tls"),
        ("a.example:443", "tls", "something else", "the reason says"),
        ("a.example:443", "tls", "", ""),
    ],
)
def test_a_refusal_says_what_to_do(address: str, protocol: str, reason: str, words: str) -> None:
    assert words in advice(address, protocol, reason)


def test_bytes_are_said_for_people() -> None:
    said = [bytes_words(count) for count in (0, 999, 1000, 12_340, 5_000_000, 7_300_000_000)]
    assert said == ["0 B", "999 B", "1 kB", "12.3 kB", "5 MB", "7.3 GB"]
