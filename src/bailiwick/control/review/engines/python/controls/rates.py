"""Routes that can be tried as often as a machine can send: sign-in, codes, resets."""

import re
from collections.abc import Iterator

from bailiwick.control.review.engines.python.controls.evidence import Evidence
from bailiwick.control.review.engines.python.controls.routes import Route
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.model import Finding

_TRIED = frozenset(
    {
        "login",
        "signin",
        "otp",
        "totp",
        "mfa",
        "2fa",
        "forgot",
        "reset",
        "pin",
        "verify",
        "authenticate",
        "token",
        "redeem",
        "coupon",
        "voucher",
    }
)
_LIMITED = re.compile(
    r"(?i)limiter|rate_?limit|throttl|slowapi|lockout|locked_until|failed_(?:logins|attempts)|login_attempts|too_?many|\b429\b|axes\."
)


def check(found: list[tuple[Route, Evidence]], views: list[View]) -> Iterator[Finding]:
    """Yield a finding for each route where guessing pays, in an app that limits nothing."""
    if any(_LIMITED.search(view.vocabulary) for view in views):
        return
    for route, _ in found:
        guessed = route.words & _TRIED and not route.words & {"logout", "refresh", "filter", "filters", "cart"}
        if route.changes and guessed:
            yield route.view.finding(
                "missing-rate-limit",
                route.line,
                f"{route.path or route.function.name} can be tried as often as a machine can send",
            )
