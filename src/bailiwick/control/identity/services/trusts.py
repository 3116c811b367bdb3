"""What a trust demands of a token, and which demands are too weak to be kept."""

import json
import re
from collections.abc import Mapping
from typing import Any

from bailiwick.control.identity.services.issuers import require_address
from bailiwick.control.identity.services.keys import import_key_set, public_document
from bailiwick.control.identity.services.model import TrustDraft
from bailiwick.core.errors import InvalidInputError

_MOST_CHARACTERS = 500
_MOST_CLAIMS = 10
_LEAST_PREFIX = 8
_STANDARD = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})
# Issuers that speak for the whole world: what must be said of a subject there so that it is not anybody's.
_SHARED: Mapping[str, tuple[re.Pattern[str], frozenset[str]]] = {
    "https://token.actions.githubusercontent.com": (
        re.compile(r"repo:[^/:*\s]+/.*"),
        frozenset({"repository", "repository_id", "repository_owner", "repository_owner_id"}),
    ),
    "https://gitlab.com": (
        re.compile(r"project_path:[^/:*\s]+/.*"),
        frozenset({"project_path", "project_id", "namespace_path", "namespace_id"}),
    ),
}


def fits(terms: TrustDraft, issuer: str, subject: str, claims: Mapping[str, Any]) -> bool:
    """Return whether a token says all that a trust demands; its signature, audience and times are not looked at."""
    if issuer != terms.issuer:
        return False
    if terms.subject_prefix:
        subject_fits = subject.startswith(terms.subject) and len(subject) > len(terms.subject)
    else:
        subject_fits = not terms.subject or subject == terms.subject
    return subject_fits and all(_says(claims.get(name), value) for name, value in terms.claims.items())


def checked(draft: TrustDraft) -> TrustDraft:
    """Return a trust as it is kept; raise `InvalidInputError` for one that would take in strangers, or nobody."""
    require_address(draft.issuer, "the issuer")
    if len(draft.issuer) > _MOST_CHARACTERS or not 0 < len(draft.audience) <= _MOST_CHARACTERS:
        raise InvalidInputError("a trust needs an issuer and an audience of at most 500 characters")
    _require_subject(draft)
    _require_claims(draft)
    _require_known_stranger(draft)
    if draft.jwks is None:
        return draft
    keys = import_key_set(draft.jwks)
    ids = [str(key.as_dict(private=False).get("kid") or "") for key in keys]
    kept = [{**public_document(key), **({"kid": kid} if kid else {})} for key, kid in zip(keys, ids, strict=True)]
    return TrustDraft(
        draft.issuer, draft.audience, draft.subject, draft.subject_prefix, draft.claims, jwks={"keys": kept}
    )


def _require_subject(draft: TrustDraft) -> None:
    if len(draft.subject) > _MOST_CHARACTERS or "*" in draft.subject:
        raise InvalidInputError(
            "a subject holds no wildcard", hint="give the beginning that all have, and say that it is a prefix"
        )
    if not draft.subject and (draft.subject_prefix or not draft.claims):
        raise InvalidInputError("a trust needs a subject, or claims that tell this one from all others")
    ends = draft.subject.endswith((":", "/"))
    if draft.subject_prefix and (not ends or len(draft.subject) < _LEAST_PREFIX):
        raise InvalidInputError(
            f"the prefix '{draft.subject[:80]}' could also begin somebody else's subject",
            hint="end it where a part ends, with : or /, as in repo:acme/desk:",
        )


def _require_claims(draft: TrustDraft) -> None:
    if len(draft.claims) > _MOST_CLAIMS:
        raise InvalidInputError(f"a trust asks for {_MOST_CLAIMS} claims at most")
    for name, value in draft.claims.items():
        if not name or name in _STANDARD or not value or max(len(name), len(value)) > _MOST_CHARACTERS:
            raise InvalidInputError(
                f"'{name[:60]}' cannot be asked for like this",
                hint="name a claim of the issuer's own and the exact value that it must have",
            )


def _require_known_stranger(draft: TrustDraft) -> None:
    shared = _SHARED.get(draft.issuer.rstrip("/"))
    if shared is None:
        return
    subject, claims = shared
    if not subject.fullmatch(draft.subject) and not claims & draft.claims.keys():
        raise InvalidInputError(
            "this issuer signs for everybody in the world, and the trust does not say for whom of them it is",
            hint=f"give a subject that begins with your organisation, or one of: {', '.join(sorted(claims))}",
        )


def _says(told: object, wanted: str) -> bool:
    if isinstance(told, str):
        return told == wanted
    return isinstance(told, bool | int) and json.dumps(told) == wanted
