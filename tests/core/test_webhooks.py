"""Signatures of webhooks, by the vendors' own examples, and everything that is not quite one."""

import hmac
from collections.abc import Mapping

import pytest

from bailiwick.core.webhooks import Scheme, WebhookError, verify

pytestmark = pytest.mark.req("IN9", "SE1")
# The examples that the vendors publish: secret, headers, body, when it was sent.
GITHUB = (
    "It's a Secret to Everybody",
    {"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
    b"Hello, World!",
    0.0,
)
SLACK = (
    "8f742231b10e8888abcd99yyyzzz85a5",
    {
        "x-slack-request-timestamp": "1531420618",
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    },
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
    b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
    b"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121"
    b".803a0bc887a14d10d2c447fce8b6703c",
    1531420618.0,
)
STANDARD = (
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
    b'{"test": 2432232314}',
    1614265330.0,
)
_STRIPE_BODY = b'{"id": "evt_1"}'
_STRIPE_SIGNED = hmac.digest(b"whsec_test", b"1700000000." + _STRIPE_BODY, "sha256").hex()
STRIPE = (
    "whsec_test",
    {"stripe-signature": f"t=1700000000,v0=1,v1={'0' * 64},v1={_STRIPE_SIGNED}"},
    _STRIPE_BODY,
    1700000000.0,
)
EXAMPLES: dict[Scheme, tuple[str, dict[str, str], bytes, float]] = {
    "github": GITHUB, "slack": SLACK, "standard": STANDARD, "stripe": STRIPE,
}  # fmt: skip


def judged(scheme: Scheme, secret: str, headers: Mapping[str, str], body: bytes, now: float) -> str:
    return verify(scheme, secret, headers, body, now=now, tolerance_seconds=300).mark


@pytest.mark.parametrize("scheme", sorted(EXAMPLES))
def test_what_a_vendor_signs_is_genuine_and_has_a_mark_of_its_own(scheme: Scheme) -> None:
    secret, headers, body, sent = EXAMPLES[scheme]
    assert judged(scheme, secret, headers, body, sent + 299) == judged(scheme, secret, headers, body, sent)


@pytest.mark.parametrize("scheme", sorted(EXAMPLES))
def test_anything_else_is_not(scheme: Scheme) -> None:
    secret, headers, body, sent = EXAMPLES[scheme]
    wrong = [
        (secret, headers, body + b" ", sent),
        (secret, headers, b"", sent),
        (secret[:-4] + "AAAA", headers, body, sent),
        (secret, {}, body, sent),
        *((secret, {**headers, name: ""}, body, sent) for name in headers),
        *((secret, {**headers, name: value[:-1]}, body, sent) for name, value in headers.items()),
        *((secret, {**headers, name: "é" * 40}, body, sent) for name in headers),
    ]
    if scheme != "github":
        wrong += [(secret, headers, body, sent + 301), (secret, headers, body, sent - 301)]
    for case in wrong:
        with pytest.raises(WebhookError) as told:
            judged(scheme, *case)
        assert secret not in str(told.value)


def test_an_empty_or_odd_secret_signs_nothing() -> None:
    empty = "sha256=" + hmac.digest(b"", b"x", "sha256").hex()
    for scheme, secret, headers in (
        ("github", "", {"x-hub-signature-256": empty}),
        ("standard", "not base64!", STANDARD[1]),
        ("standard", "whsec_", STANDARD[1]),
    ):
        with pytest.raises(WebhookError):
            judged(scheme, secret, headers, b"x", STANDARD[3])  # type: ignore[arg-type]


def test_two_times_in_one_signature_are_none() -> None:
    header = {"stripe-signature": f"t=1700000000,t=1,v1={_STRIPE_SIGNED}"}
    with pytest.raises(WebhookError, match="does not say when"):
        judged("stripe", STRIPE[0], header, STRIPE[2], STRIPE[3])
