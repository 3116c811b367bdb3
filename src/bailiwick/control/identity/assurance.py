"""Whether a sign-in is as it was asked for: anew, with a second factor."""

from datetime import datetime, timedelta

from bailiwick.control.identity.errors import SignInRefusedError
from bailiwick.control.identity.model import Proof
from bailiwick.core.policy import StepUp

_SKEW = timedelta(seconds=60)


def require_wanted(proof: Proof, wanted: StepUp, now: datetime) -> None:
    """Raise `SignInRefusedError` for a sign-in that is not as it was asked for: not every provider does as asked."""
    if wanted.max_age_seconds is not None:
        oldest = now - timedelta(seconds=wanted.max_age_seconds) - _SKEW
        if proof.time is None or proof.time < oldest:
            raise SignInRefusedError(
                "the identity provider did not sign you in anew, or does not say so",
                hint="sign out there and try again; whoever runs it must let it say when (auth_time, AuthnInstant)",
            )
    if wanted.second_factor and not proof.second_factor:
        raise SignInRefusedError(
            "the identity provider does not say that you used a second factor",
            hint="set one up there; whoever runs Bailiwick may need second_factor_levels",
        )
