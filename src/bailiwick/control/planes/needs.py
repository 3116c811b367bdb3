"""What answering planes needs of other domains, and the keys that it takes."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from bailiwick.control.vault import Held
from bailiwick.core.messages import (
    AccountsReport,
    AppReport,
    AppState,
    AttacksReport,
    AttestationReport,
    CatalogueReport,
    DatabaseReport,
    EndedPreview,
    KillReport,
    NetworkRules,
    NetworksReport,
    OutflowReport,
    OutflowSwitch,
    PersonTokenAnswer,
    PersonTokenRequest,
    RehearsalReport,
    RehearsalWanted,
    SettingsReport,
    SystemState,
    UniquenessReport,
)
from bailiwick.core.principals import Identity
from bailiwick.core.rollouts import RolloutReport
from bailiwick.core.statements import SigningKey
from bailiwick.core.stops import StopKind
from bailiwick.core.trust import KeyChanges, Purpose


class Releases(Protocol):
    """What planes need of the release domain."""

    def app_states(self, session: Session, plane: str) -> tuple[AppState, ...]:
        """Return what a plane should serve."""

    def candidate_states(self, session: Session, plane: str) -> tuple[AppState, ...]:
        """Return what a plane should serve beside that, for some people."""

    def artifact_bytes(self, sha256: str) -> bytes:
        """Return an artefact, a statement about one, or its dependencies."""

    def modes(self, plane: str) -> frozenset[str]:
        """Return the modes ("preview", "production") that a plane serves."""


class OwnDatabases(Protocol):
    """What planes need of whoever keeps what they say of apps' own databases."""

    def record(self, session: Session, plane: str, report: DatabaseReport) -> None:
        """Remember how a database is."""


class Rehearsals(Protocol):
    """What planes need of rehearsals."""

    def wanted(self, session: Session, modes: frozenset[str]) -> tuple[RehearsalWanted, ...]:
        """Return what a plane that serves these modes must rehearse now."""

    def take(self, session: Session, plane: str, report: RehearsalReport) -> None:
        """Remember how a rehearsal went."""


class Rollouts(Protocol):
    """What planes need of rollouts."""

    def hold_still(self, session: Session, apps: Collection[str]) -> None:
        """Let no rollout of some apps move until the transaction is over; before anything is audited in it."""

    def take(self, session: Session, report: RolloutReport) -> None:
        """Take in how a rollout is at a plane."""


class Stops(Protocol):
    """What planes need of the kill switch."""

    def record_automatic(self, session: Session, report: KillReport, *, plane: str, evidence: str) -> None:
        """Remember that a plane stopped an app."""

    def now(self, session: Session) -> "Standing":
        """Return every stop that stands."""


class Standing(Protocol):
    """Every stop that stands."""

    def on_way(self, kind: StopKind, name: str, plane: str) -> str:
        """Return why an integration or a model is closed at a plane, in words."""


class Previews(Protocol):
    """What planes need of whoever keeps previews of branches."""

    def ended(self, session: Session) -> tuple[EndedPreview, ...]:
        """Return the addresses where it is said that a preview ended."""

    def take_status(self, session: Session, report: AppReport) -> None:
        """Remember how the preview of a branch is doing."""

    def stopped(self, session: Session, report: KillReport, plane: str) -> None:
        """Remember that a plane stopped the preview of a branch."""


class Codes(Protocol):
    """What planes need of the identity domain."""

    def redeem_code(self, code: str, *, audience: str, verifier: str) -> "Redeemed":
        """Return who is behind a one-time code."""

    def epochs(self, session: Session) -> Mapping[str, int]:
        """Return the principals whose credentials were revoked, with their present epoch."""


class Policies(Protocol):
    """What planes need of the policies domain."""

    def in_force(self, session: Session) -> tuple[int, str]:
        """Return the generation in force, and everything beside the built-in policies as Cedar text."""

    def refresh(self, session: Session) -> None:
        """Decide by what is in force from now on, whoever put it there."""


class Redeemed(Protocol):
    """Who came back with a one-time code, and under which session."""

    @property
    def identity(self) -> Identity:
        """The person."""

    @property
    def session_id(self) -> str:
        """The console session that the code was made in."""


class Secrets(Protocol):
    """What planes need of the vault."""

    def opener(self, session: Session, name: str) -> Callable[[], Held]:
        """Return what gives the newest version of a secret once the transaction is over."""

    def versions(self, session: Session, names: Collection[str]) -> Mapping[str, int]:
        """Return the newest version of each of these secrets that there is."""

    def mask_key(self, session: Session) -> str:
        """Return the key that masks of columns are made with (hexadecimal)."""

    def prompt_key(self, session: Session, plane: str) -> str:
        """Return the key that a plane seals with what it keeps of prompts (hexadecimal)."""


@dataclass(frozen=True)
class PlaneConsents:
    """What planes need of whoever keeps consents of people: a token for one, and which ended lately."""

    token: Callable[[str, PersonTokenRequest], PersonTokenAnswer]
    ended_lately: Callable[[Session], tuple[str, ...]]


class Authority(Protocol):
    """What planes need of the certificate authority."""

    def answer(self, path: str, request: bytes) -> str:
        """Return a certificate for a path of the trust domain and the key of a signing request."""


class GrantDrafts(Protocol):
    """What planes need of whoever keeps the grants that somebody works on."""

    def states(self, session: Session, plane: str) -> tuple[SystemState, ...]:
        """Return the databases that a plane is to look at or to show drafts of."""

    def secrets(self, session: Session, plane: str) -> Collection[str]:
        """Return the names of the credentials that it needs for these just now."""

    def take(self, session: Session, plane: str, report: CatalogueReport | UniquenessReport) -> None:
        """Keep what a plane says of them."""


class Outflows(Protocol):
    """What planes need of whoever keeps what leaves for models."""

    def in_force(self, session: Session) -> tuple[OutflowSwitch, ...]:
        """Return what is switched off."""

    def take(self, session: Session, plane: str, report: OutflowReport) -> None:
        """Keep what a plane counted."""


class Accounts(Protocol):
    """What planes need of whoever keeps the accounts that were found in connected systems."""

    def record(self, session: Session, plane: str, report: AccountsReport) -> None:
        """Remember what a plane saw."""


class Attestations(Protocol):
    """What planes need of whoever keeps what they attest."""

    def take(self, session: Session, plane: str, report: AttestationReport) -> None:
        """Take in what a plane attests."""


class DeclaredSettings(Protocol):
    """What planes need of whoever keeps the settings that they run with."""

    def take(self, session: Session, plane: str, report: SettingsReport) -> None:
        """Take in what a plane says of its settings."""


class Networks(Protocol):
    """What planes need of whoever knows which networks must be apart."""

    def rules(self, session: Session, plane: str) -> NetworkRules:
        """Return what a plane must not reach."""

    def take(self, session: Session, plane: str, report: NetworksReport) -> None:
        """Take in what came of trying."""


class Assurance(Protocol):
    """What planes need of whoever keeps what came of attacking sandboxes."""

    def take(self, session: Session, plane: str, report: AttacksReport) -> None:
        """Take in what came of it."""


class PinnedKeys(Protocol):
    """What planes need of the signing domain."""

    def first(self, session: Session, purpose: Purpose) -> str:
        """Return the first key of a purpose, which planes pin."""

    def changes(self, session: Session) -> KeyChanges:
        """Return what became of the first keys."""


@dataclass(frozen=True)
class PlaneKeys:
    """The keys whose public halves planes pin, and the private ones used towards planes."""

    downlink: SigningKey
    passes: SigningKey
    signing: PinnedKeys
