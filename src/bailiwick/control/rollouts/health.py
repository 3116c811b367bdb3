"""Whether a candidate does worse than the release before it, from what both answered in the same time."""

from math import exp, lgamma

from bailiwick.control.rollouts.model import HealthLimits
from bailiwick.core.rollouts import SideCounts

# Where the release before answered nothing, neither now nor in the hour before, there is nothing to compare with.
_ALONE_REQUESTS, _ALONE_ERRORS = 10, 0.5
_NEGLIGIBLE = 1e-12


def why_worse(limits: HealthLimits, stable: SideCounts, candidate: SideCounts, baseline: SideCounts) -> str:
    """Return in what a candidate does worse, in words with figures, or nothing. `baseline` is what the release before
    answered in the hour before the rollout: it counts where too little was answered since.
    """
    before = stable if stable.requests >= limits.min_requests else stable.plus(baseline)
    return _more_errors(limits, before, candidate) or _slower(limits, stable, candidate)


def chance_of_more(errors: int, requests: int, errors_before: int, requests_before: int) -> float:
    """Return how likely it is that so many errors or more are among the requests of one side by chance alone.

    Fisher's exact test, one side: the tail of the hypergeometric distribution. R. A. Fisher, "On the interpretation of
    χ² from contingency tables", 1922. It is exact for few requests, too, and then never sure.
    """
    total, failed = requests + requests_before, errors + errors_before
    chance = 0.0
    for count in range(errors, min(requests, failed) + 1):
        if failed - count > requests_before:
            continue
        term = exp(_choose(failed, count) + _choose(total - failed, requests - count) - _choose(total, requests))
        chance += term
        if term < chance * _NEGLIGIBLE:
            break
    return min(chance, 1.0)


def _more_errors(limits: HealthLimits, before: SideCounts, candidate: SideCounts) -> str:
    if not before.requests:
        alone = candidate.requests >= _ALONE_REQUESTS and candidate.error_rate >= _ALONE_ERRORS
        return f"{candidate.errors} of {candidate.requests} requests failed, and none went elsewhere" if alone else ""
    if candidate.error_rate <= before.error_rate:
        return ""
    chance = chance_of_more(candidate.errors, candidate.requests, before.errors, before.requests)
    if chance >= limits.error_doubt:
        return ""
    return (
        f"{candidate.errors} of {candidate.requests} requests failed, of the release before {before.errors} of "
        f"{before.requests}: by chance that is so in {chance:.2g} of cases"
    )


def _slower(limits: HealthLimits, stable: SideCounts, candidate: SideCounts) -> str:
    if min(stable.requests, candidate.requests) < max(limits.min_requests, 1):
        return ""
    ours, theirs = candidate.quantile_ms(0.95), stable.quantile_ms(0.95)
    if ours <= theirs * limits.slower_factor or ours - theirs <= limits.slower_ms:
        return ""
    return f"it answers 95 % of requests within {ours:.0f} ms, the release before within {theirs:.0f} ms"


def _choose(of: int, count: int) -> float:
    """Return the logarithm of a binomial coefficient."""
    return lgamma(of + 1) - lgamma(count + 1) - lgamma(of - count + 1)
