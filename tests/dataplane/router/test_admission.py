"""What an app takes of requests: sizes, rates of each caller, and who comes first when it has no more to give."""

import asyncio
from datetime import timedelta

import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.guardrails import AccessRails, Guardrails, RequestRails
from bailiwick.core.manifest import ManifestError, parse_manifest
from bailiwick.core.passes import Pass, issue_pass
from bailiwick.core.policy import cascade
from bailiwick.core.principals import Identity, Principal, visitor_from
from bailiwick.dataplane.router import Admission, RequestLimits
from bailiwick.dataplane.router.wire import RequestHead, parse_request
from tests.fixtures.plane import MANIFEST
from tests.fixtures.routing import Answer, Served

pytestmark = pytest.mark.req("OB6", "RT6")
ANYBODY = frozenset({"group:users"})


def head_of(*lines: str) -> RequestHead:
    return parse_request("\r\n".join(["GET / HTTP/1.1", "Host: desk.localhost", *lines, "", ""]).encode())


def caller(name: str) -> Identity:
    kind, _, rest = name.partition(":")
    return visitor_from(rest) if kind == "visitor" else Identity(Principal(kind, rest), ANYBODY)


def keep_to(served: Served, *, limits: RequestLimits, **rails: float) -> None:
    guardrails = Guardrails(access=AccessRails(public=True), requests=RequestRails.model_validate(rails))
    roles = cascade([("app-user", "group:users")])
    served.site.state = served.site.state.model_copy(update={"guardrails": guardrails, "roles": roles})
    served.site.admission = Admission(limits)


async def ask(served: Served, path: str, *headers: str, who: str = "", body: bytes = b"") -> Answer:
    browser = await served.browser()
    if who:
        content = Pass(caller(who), "team/desk", "production", "s", utc_now() + timedelta(hours=1))
        headers = (*headers, f"Authorization: Bearer {issue_pass(content, served.key)}")
    browser.ask("POST" if body else "GET", path, *headers, body=body, signed_in=False)
    return await browser.answer()


async def test_a_larger_head_or_body_than_declared_is_refused_and_told_of(served: Served) -> None:
    keep_to(served, limits=RequestLimits(head_bytes=1024, body_bytes=2048))
    assert (await ask(served, "/digest", who="user:ann", body=b"x" * 2048)).status == 200
    large = await ask(served, "/digest", who="user:ann", body=b"x" * 2049)
    assert (large.status, b"2 KiB at most" in large.body) == (413, True)
    assert (await ask(served, "/hello", "X-Long: " + "x" * 1024, who="user:ann")).status == 431
    assert len(served.app.headers) == 1
    # Nobody knows how long a chunked body gets: it is cut where it is too long.
    browser = await served.browser()
    browser.ask("POST", "/digest", "Transfer-Encoding: chunked")
    browser.writer.write(b"800\r\n" + b"x" * 2048 + b"\r\n1\r\nx\r\n0\r\n\r\n")
    assert (await browser.answer()).status == 413
    assert served.reached == [
        ("request-body", "2 KiB of a request's body", "POST /digest"),
        ("request-head", "1 KiB of a request's head", "GET /hello"),
        ("request-body", "2 KiB of a request's body", "POST /digest"),
    ]


async def test_one_caller_who_asks_too_often_waits_and_others_do_not(served: Served) -> None:
    keep_to(served, limits=RequestLimits(per_second=1000), person_per_second=1, visitor_per_second=1)
    assert [(await ask(served, "/hello", who="user:ann")).status for _ in range(3)] == [200, 200, 429]
    refused = await ask(served, "/hello", who="user:ann")
    assert refused.headers["retry-after"] == "1"
    assert (await ask(served, "/hello", who="user:bob")).status == 200
    assert [(await ask(served, "/hello")).status for _ in range(3)] == [200, 200, 429]
    assert served.reached[0][:2] == ("caller-rate", "1 requests a second of one caller")
    assert served.reached[-1][:2] == ("caller-rate", "1 requests a second of one address")
    # What is refused here is no failure of the app.
    assert {trace.status for trace in served.traces} == {200}


@pytest.mark.parametrize(
    ("callers", "one"),
    [
        (["visitor:192.0.2.7", "visitor:192.0.2.8"], False),
        (["visitor:2001:db8::1", "visitor:2001:db8::ffff"], True),
        (["visitor:2001:db8::1", "visitor:2001:db8:0:1::1"], False),
        (["visitor:192.0.2.7", "visitor:::ffff:192.0.2.7"], True),
        (["user:ann", "agent:ann"], False),
    ],
)
def test_a_rate_is_of_a_principal_or_of_a_network(callers: list[str], one: bool) -> None:
    admission, rails = Admission(RequestLimits()), RequestRails(person_per_second=1, visitor_per_second=1)
    answers = [admission.refusal(head_of(), caller(name), rails, 0) for name in (callers[0], *callers)]
    assert answers[:2] == [None, None]
    assert (answers[2] is not None) is one


def test_under_pressure_people_come_first() -> None:
    classes = ["user:ann", "service:nightly", "agent:claude/for/user:ann", "visitor:192.0.2.7"]

    def let_in(in_flight: int) -> list[bool]:
        admission, rails = Admission(RequestLimits(at_once=10)), RequestRails()
        who = [visitor_from("192.0.2.7") if name.startswith("visitor") else _agent(name) for name in classes]
        return [admission.refusal(head_of(), item, rails, in_flight) is None for item in who]

    assert let_in(3) == [True, True, True, True]
    assert let_in(4) == [True, True, True, False]
    assert let_in(6) == [True, True, False, False]
    assert let_in(8) == [True, False, False, False]
    assert let_in(10) == [False, False, False, False]


def test_a_rate_that_people_use_up_leaves_nothing_to_visitors() -> None:
    admission, rails = Admission(RequestLimits(per_second=10)), RequestRails(visitor_per_second=100)
    visitor, ann = visitor_from("192.0.2.7"), caller("user:ann")
    assert [admission.refusal(head_of(), visitor, rails, 0) is None for _ in range(6)] == [True] * 5 + [False]
    # A person still finds room, until all of the rate is used.
    assert [admission.refusal(head_of(), ann, rails, 0) is None for _ in range(7)] == [True] * 6 + [False]


def _agent(name: str) -> Identity:
    if "/for/" not in name:
        return caller(name)
    return Identity(Principal("agent", "claude"), ANYBODY).for_person(caller("user:ann"))


async def test_an_app_that_is_full_says_when_to_come_again(served: Served) -> None:
    keep_to(served, limits=RequestLimits(at_once=5), at_once=2)
    waiting = [asyncio.create_task(ask(served, "/wait", who=f"user:{name}")) for name in ("ann", "bob")]
    while len(served.site.in_flight) < 2:  # noqa: ASYNC110 - the app has one event for all
        await asyncio.sleep(0.005)
    full = await ask(served, "/hello", who="user:eve")
    assert (full.status, full.headers["retry-after"]) == (503, "2")
    assert served.reached == [("requests-at-once", "2 requests at once", "GET /hello")]
    served.app.go_on.set()
    assert [(await task).status for task in waiting] == [200, 200]
    assert (await ask(served, "/hello", who="user:eve")).status == 200


@pytest.mark.parametrize("limit", ['request_body = "101MiB"', 'request_head = "1MiB"', 'request_body = "much"'])
def test_a_manifest_that_asks_for_more_than_the_router_takes_is_refused(limit: str) -> None:
    with pytest.raises(ManifestError):
        parse_manifest(f"{MANIFEST}\n[limits]\n{limit}\n")


def test_a_manifest_declares_what_an_app_takes() -> None:
    text = '[limits]\nrequest_body = "10MiB"\nrequest_head = "8KiB"\nrequests_at_once = 20\nrequests_per_second = 7\n'
    limits = RequestLimits.of(parse_manifest(f"{MANIFEST}\n{text}").limits)
    assert limits == RequestLimits(7, 20, 8 * 2**10, 10 * 2**20, 60)
    assert limits.within(RequestRails(at_once=5, body_megabytes=1)) == RequestLimits(7, 5, 8 * 2**10, 2**20, 60)
