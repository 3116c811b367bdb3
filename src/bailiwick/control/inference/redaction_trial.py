"""Shows what redaction makes of a text that somebody pastes, as the gateways do it; audited without the text."""

from dataclasses import dataclass
from functools import cached_property

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.principals import Identity
from bailiwick.core.redaction import CLASSES, PROFILES, Own, Profile, Redaction, Span
from bailiwick.core.redaction_rules import OwnRules
from bailiwick.store import Store

MOST_CHARACTERS = 100_000
_WHY = {
    "secret": "a credential: by the form that its issuer gives it, or by the name that it stands under",
    "email": "an address of mail, by its form",
    "phone": "a telephone number: by a country's code and form, or because it is called one",
    "name": "a person's name: it stands after a title, greeting or label, or begins with a given name",
    "birth-date": "a date that is called the day of birth",
    "address": "a street with a number, as one of the known languages writes it",
    "national-id": "a number that a country gives to people, by its check digits or its name",
    "document-id": "a number of a passport, card or licence, by its name",
    "account": "a number of an account, by its name",
    "iban": "an IBAN, by its length and check digits",
    "card": "a payment card, by its length and check digit",
    "ip": "an address of a machine in a network",
    "mac": "an address of a network card",
}
_OWN = "a value of your own, by the pattern or dictionary of this name in the settings"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text: as it stays, or, with a `kind`, what stood there, what stands there instead, and why."""

    text: str
    kind: str = ""
    replacement: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """What redaction made of a text: its pieces in order, and how many values of each kind were found."""

    pieces: tuple[Piece, ...]
    spans: tuple[Span, ...]
    counts: dict[str, int]

    @property
    def redacted(self) -> str:
        """The text as it would leave."""
        return "".join(piece.replacement or piece.text for piece in self.pieces)


@dataclass
class RedactionTrial:
    """Tries texts with the organisation's own `rules` beside what is known anyway. Nothing of a text is kept."""

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    rules: OwnRules

    @cached_property
    def _own(self) -> Own:
        return Own(self.rules)

    def attempt(self, by: Identity, text: str, profile: str) -> Tried:
        """Return what is found in a text; that somebody tried, and how much was found, is audited.

        Raises `ForbiddenError` for whoever may not: it tells of what is in the organisation's own dictionaries.
        """
        if len(text) > MOST_CHARACTERS:
            raise InvalidInputError(f"the text has more than {MOST_CHARACTERS:,} characters", hint="try a part of it")
        wanted = _known(profile)
        with self.store.transaction() as session:
            decision = self.authorizer.require(session, by, "redaction.try", ORGANIZATION)
            tried = _tried(text, Redaction(wanted, self._own).spans(text))
            counted = {f"redacted.{kind}": number for kind, number in tried.counts.items()}
            self.audit.note(
                session,
                str(by.principal),
                "redaction.tried",
                ORGANIZATION,
                deciders=tuple(decision.deciders),
                context={"profile": wanted, "characters": len(text), "found": len(tried.spans), **counted},
            )
        return tried


def why_found(kind: str) -> str:
    """Return in words by what values of a kind are found."""
    return _WHY.get(kind, f"{kind.replace('-', ' ')}, by its form or its name" if kind in CLASSES else _OWN)


def _known(profile: str) -> Profile:
    for name in PROFILES:
        if name == profile:
            return name
    raise InvalidInputError(f"'{profile[:40]}' is no profile", hint=f"there are: {', '.join(PROFILES)}")


def _tried(text: str, spans: list[Span]) -> Tried:
    pieces, counts, last = [], dict[str, int](), 0
    for span in spans:
        pieces += [Piece(text[last : span.start])] if span.start > last else []
        pieces.append(Piece(text[span.start : span.end], span.kind, span.replacement, why_found(span.kind)))
        counts[span.kind] = counts.get(span.kind, 0) + 1
        last = span.end
    pieces += [Piece(text[last:])] if last < len(text) else []
    return Tried(tuple(pieces), tuple(spans), counts)
