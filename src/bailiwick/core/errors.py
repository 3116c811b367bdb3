"""The one base of every error that a person may see: a stable code, a sentence and what to do next."""

from collections.abc import Mapping, Sequence

DOCS_BASE = "https://bailiwick.example/docs/errors"


class BailiwickError(Exception):
    """Something that a person asked for could not be done, said so that they know what to do.

    Subclasses set `code` (stable, `noun.problem`) and `status` (the HTTP status it maps to, RFC 9110). `of_person` says
    that it is so for this person, where others may have what was asked for.
    """

    code: str = "internal.fault"
    status: int = 500
    of_person: bool = False

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        details: Mapping[str, object] | None = None,
        deciders: Sequence[str] = (),
    ) -> None:
        """Take the sentence, the next step, facts that are safe to show and the ids of the policies that decided."""
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = dict(details or {})
        self.deciders = tuple(deciders)

    def problem(self, instance: str = "") -> dict[str, object]:
        """Return the RFC 9457 problem document of this error; `instance` names the occurrence (a trace id)."""
        document: dict[str, object] = {
            "type": f"{DOCS_BASE}#{self.code}",
            "title": self.message,
            "status": self.status,
            "code": self.code,
        }
        optional = {"hint": self.hint, "details": self.details, "deciders": list(self.deciders), "instance": instance}
        return document | {key: value for key, value in optional.items() if value}


class InvalidInputError(BailiwickError):
    """The request is malformed: nothing was done."""

    code = "input.invalid"
    status = 400


class NotAuthenticatedError(BailiwickError):
    """Nobody is signed in, or the credential is expired, revoked, forged or meant for another door."""

    code = "identity.not-authenticated"
    status = 401


class ForbiddenError(BailiwickError):
    """Policy says no; `deciders` names the policies that did, and there is always one."""

    code = "policy.forbidden"
    status = 403

    def __init__(self, message: str, *, deciders: Sequence[str], hint: str = "") -> None:
        """Take the reason, the ids of the policies that decided, and the next step."""
        if not deciders:
            raise ValueError("a refusal names the policy that decided")
        super().__init__(message, hint=hint, deciders=deciders)


class StepUpNeededError(ForbiddenError):
    """Policy would say yes after another sign-in: a fresh one, or one with a second factor (RFC 9470)."""

    code = "policy.step-up-needed"
    status = 401

    def __init__(
        self,
        message: str,
        *,
        deciders: Sequence[str],
        max_age_seconds: int | None,
        second_factor: bool,
    ) -> None:
        """Take the reason, the deciding policies, and what the sign-in must be like."""
        super().__init__(message, deciders=deciders, hint="sign in again as it asks, then do it once more")
        self.max_age_seconds = max_age_seconds
        self.second_factor = second_factor
        self.details = {"max_age": max_age_seconds, "second_factor": second_factor}


class NotFoundError(BailiwickError):
    """There is no such thing, or the caller may not know of it."""

    code = "resource.not-found"
    status = 404


class ConflictError(BailiwickError):
    """The thing is not in a state that allows this."""

    code = "resource.conflict"
    status = 409


class UnavailableError(BailiwickError):
    """A part that is needed does not answer now."""

    code = "service.unavailable"
    status = 503


class SandboxUnavailableError(UnavailableError):
    """This host cannot make a sandbox; the words say what is missing and the hint what to do."""

    code = "sandbox.unavailable"
