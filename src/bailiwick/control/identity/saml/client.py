"""SAML 2.0 service provider: one identity provider as configured, and what passes between it and us."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs

from pydantic import TypeAdapter, ValidationError

from bailiwick.control.identity.errors import SignInRefusedError
from bailiwick.control.identity.model import Claims, LogoutNotice, Proof, ProviderSession
from bailiwick.control.identity.providers import Attempt, Returned, require_own_domain
from bailiwick.control.identity.saml.answers import Assertion, Expected, read_answer
from bailiwick.control.identity.saml.description import Source
from bailiwick.control.identity.saml.keys import SamlKeys
from bailiwick.control.identity.saml.logout import ANSWER, REQUEST, by_form, by_redirect, read_request, require_done
from bailiwick.control.identity.saml.messages import (
    NameId,
    ServiceProvider,
    logout_answer,
    logout_request,
    metadata,
    redirect,
    sign_in_request,
)
from bailiwick.core.clock import Clock
from bailiwick.core.policy import StepUp

_NAME_ID: TypeAdapter[NameId] = TypeAdapter(NameId)
_EMAIL = re.compile(r"[!-?A-~]{1,64}@[a-z0-9.-]{1,255}")
_LONGEST_RELAY_STATE = 1024
_TOLD_TOO = ("region", "department", "country")


@dataclass(frozen=True, slots=True)
class AttributeNames:
    """Under which names a provider sends a person's e-mail address, name and groups."""

    email: str
    name: str
    groups: str


@dataclass(frozen=True, slots=True)
class LogoutAsked:
    """That a provider ended somebody's session, and where the browser takes our answer; empty where it wants none."""

    notice: LogoutNotice
    answer_url: str


class SamlClient:
    """One identity provider. `base_url` is the address that its endpoints of ours lie under.

    `domains` are those of the e-mail addresses that it speaks for. `levels` are the classes of authentication context
    that stand for a second factor there. `unasked` says whether it may sign people in that we did not send there.
    """

    def __init__(
        self,
        *,
        name: str,
        domains: frozenset[str],
        levels: Sequence[str],
        base_url: str,
        source: Source,
        keys: SamlKeys,
        attributes: AttributeNames,
        clock: Clock,
        unasked: bool = False,
    ) -> None:
        self.name = name
        self.domains = domains
        self.unasked = unasked
        self._levels = levels
        self._us = ServiceProvider(f"{base_url}/metadata", f"{base_url}/acs", f"{base_url}/slo")
        self._source = source
        self._keys = keys
        self._attributes = attributes
        self._clock = clock

    def authorization_url(self, attempt: Attempt, wanted: StepUp | None = None, *, hint: str = "") -> str:  # noqa: ARG002 - not every provider takes it
        """Return where to send the browser, with a signed request; `wanted` is how the sign-in must be."""
        to = self._source().sign_in_url
        request_id = request_id_of(attempt.nonce)
        request = sign_in_request(self._us, request_id, to, wanted or StepUp(), self._levels, self._clock())
        return redirect(to, REQUEST, request, attempt.state, self._keys)

    def take(self, told: str, request_id: str | None) -> tuple[Claims, Assertion]:
        """Return who an answer says is there, and its assertion, which may be taken once.

        `told` is the answer in base64, `request_id` the request that it must be to, None for one that nobody asked
        for. Raises `SignInRefusedError` when it proves nothing.
        """
        idp = self._source()
        assertion = read_answer(told, Expected(self._us, idp, self._keys, request_id, self._clock()))
        return self._claims_of(assertion, idp.entity_id), assertion

    def finish(self, returned: Returned) -> Claims:
        """Return who signed in: the claims of the answer that was taken before."""
        if returned.kept is None:
            raise SignInRefusedError("the identity provider has not answered this sign-in", hint="start again")
        return returned.kept

    def metadata(self) -> bytes:
        """Return our metadata for this provider, signed."""
        return metadata(self._us, self._keys)

    def leave_url(self, session: ProviderSession) -> str:
        """Return where a browser ends its session at the provider, empty where the provider has no single logout."""
        to = self._source().logout_url
        if not to or not session.called:
            return ""
        try:
            who = _NAME_ID.validate_json(session.called)
        except ValidationError:
            return ""
        request = logout_request(self._us, to, who, session.session, self._clock())
        return redirect(to, REQUEST, request, "", self._keys)

    def hear_logout(self, query: str, form: Mapping[str, str]) -> LogoutAsked | None:
        """Return what a provider asks for in a raw query, or in a form where there is one; None when it answers us.

        Raises `SignInRefusedError` for what it did not sign, what is not for us, and an answer that says it failed.
        """
        idp, now = self._source(), self._clock()
        word = by_form(form, idp) if form else by_redirect(query, idp)
        if word.kind == ANSWER:
            require_done(word.root, self._us, idp, now)
            return None
        asked = read_request(word.root, self._us, idp, now)
        notice = LogoutNotice(idp.entity_id, asked.subject, "", asked.id, asked.expires)
        to = idp.logout_answer_url
        relay_state = (form.get("RelayState") or parse_qs(query).get("RelayState", [""])[0])[:_LONGEST_RELAY_STATE]
        answer = redirect(to, ANSWER, logout_answer(self._us, to, asked.id, now), relay_state, self._keys) if to else ""
        return LogoutAsked(notice, answer)

    def _claims_of(self, assertion: Assertion, issuer: str) -> Claims:
        email = self._email_of(assertion)
        require_own_domain(email, self.domains)
        named = assertion.attributes.get(self._attributes.name, ())
        told = {key: assertion.attributes[key] for key in _TOLD_TOO if assertion.attributes.get(key)}
        return Claims(
            issuer=issuer,
            subject=assertion.who.value,
            email=email,
            name=named[0] if named and named[0] else email,
            groups=assertion.attributes.get(self._attributes.groups, ()),
            attributes={key: values[0] for key, values in told.items()},
            proof=Proof(
                provider=self.name,
                time=assertion.signed_in,
                level=assertion.level,
                second_factor=assertion.level in self._levels,
                session=assertion.session,
                called=_NAME_ID.dump_json(assertion.who).decode(),
                ends=assertion.session_ends,
            ),
        )

    def _email_of(self, assertion: Assertion) -> str:
        told = assertion.attributes.get(self._attributes.email, ())
        email = told[0].lower() if len(told) == 1 and told[0].isascii() else ""
        if not _EMAIL.fullmatch(email):
            raise SignInRefusedError(
                f"the identity provider does not say one e-mail address in the attribute {self._attributes.email}",
                hint="ask who runs it to send it; whoever runs Bailiwick says in its settings which attribute it is",
            )
        return email


def request_id_of(nonce: str) -> str:
    """Return the id of the request that a sign-in sends: its nonce, as a name that XML takes."""
    return f"_{nonce}"
