"""Where identity keeps people, credentials (as hashes only) and roles."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class PersonRow(Base):
    """A person, as the directory last described them.

    `cut` is the epoch at which everything that they hold was last ended for good, not only renewed.
    """

    __tablename__ = "people"
    __table_args__ = (PrimaryKeyConstraint("tenant", "email"),)

    email: Mapped[str]
    name: Mapped[str]
    issuer: Mapped[str]
    subject: Mapped[str]
    groups: Mapped[list[str]]
    attributes: Mapped[dict[str, Any]]
    epoch: Mapped[int]
    cut: Mapped[int] = mapped_column(server_default="0")
    active: Mapped[bool]
    last_seen: Mapped[datetime]


class SignInRow(Base):
    """A sign-in that was begun: what must come back from the identity provider."""

    __tablename__ = "sign_ins"

    state_hash: Mapped[str] = mapped_column(primary_key=True)
    nonce: Mapped[str]
    verifier: Mapped[str]
    return_to: Mapped[str]
    provider: Mapped[str]
    max_age: Mapped[int | None]
    second_factor: Mapped[bool]
    expires: Mapped[datetime]
    # An answer that came by a form, verified: whoever finishes needs the code that was given for it.
    kept_for: Mapped[str] = mapped_column(default="")
    kept: Mapped[str] = mapped_column(default="")


class SessionRow(Base):
    """A browser session."""

    __tablename__ = "browser_sessions"

    secret_hash: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str]
    email: Mapped[str]
    epoch: Mapped[int]
    csrf_token: Mapped[str]
    created: Mapped[datetime]
    last_seen: Mapped[datetime]
    provider: Mapped[str]
    provider_session: Mapped[str]
    address: Mapped[str]
    browser: Mapped[str]
    provider_called: Mapped[str]
    provider_ends: Mapped[datetime | None]
    authenticated: Mapped[datetime | None]
    second_factor: Mapped[bool]


class UsedAssertionRow(Base):
    """An assertion that was taken once and is not taken again while it would still be valid."""

    __tablename__ = "used_assertions"
    __table_args__ = (PrimaryKeyConstraint("tenant", "issuer", "id"),)

    issuer: Mapped[str]
    id: Mapped[str]
    expires: Mapped[datetime]


class FirstAdministratorRow(Base):
    """That the rule which makes the first administrator was used, by whom and when: it works once."""

    __tablename__ = "first_administrators"
    __table_args__ = (PrimaryKeyConstraint("tenant"),)

    holder: Mapped[str]
    time: Mapped[datetime]


class OAuthClientRow(Base):
    """A program that registered itself (RFC 7591); `last_used` is when a person last let it in."""

    __tablename__ = "oauth_clients"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "id"),
        Index("ix_oauth_clients_address", "tenant", "address", "created"),
    )

    id: Mapped[str]
    name: Mapped[str]
    redirect_uris: Mapped[list[str]]
    address: Mapped[str]
    created: Mapped[datetime]
    last_used: Mapped[datetime | None]


class FamilyRow(Base):
    """What somebody let a program hold: every token that came of it lives and dies with this row.

    Its access tokens are `agent`'s, for the person, where the program is an agent's.
    """

    __tablename__ = "token_families"
    __table_args__ = (Index("ix_token_families_email", "tenant", "email"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    client: Mapped[str]
    email: Mapped[str]
    epoch: Mapped[int]
    audiences: Mapped[list[str]]
    address: Mapped[str]
    created: Mapped[datetime]
    last_used: Mapped[datetime]
    expires: Mapped[datetime]
    authenticated: Mapped[datetime | None]
    second_factor: Mapped[bool]
    ended: Mapped[datetime | None]
    agent: Mapped[str] = mapped_column(server_default="")


class RefreshTokenRow(Base):
    """A refresh token. It is kept after its one use, so that a second one is noticed."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index("ix_refresh_tokens_family", "family"),)

    secret_hash: Mapped[str] = mapped_column(primary_key=True)
    family: Mapped[str] = mapped_column(ForeignKey("token_families.id", ondelete="CASCADE"))
    expires: Mapped[datetime]
    used: Mapped[datetime | None]


class AuthorizationCodeRow(Base):
    """An authorization code. It is kept after its one use, so that a second one is noticed."""

    __tablename__ = "authorization_codes"

    code_hash: Mapped[str] = mapped_column(primary_key=True)
    client: Mapped[str]
    redirect_uri: Mapped[str]
    challenge: Mapped[str]
    audiences: Mapped[list[str]]
    email: Mapped[str]
    epoch: Mapped[int]
    authenticated: Mapped[datetime | None]
    second_factor: Mapped[bool]
    expires: Mapped[datetime]
    spent: Mapped[datetime | None]
    family: Mapped[str | None]
    agent: Mapped[str] = mapped_column(server_default="")


class DeviceRow(Base):
    """What a program without a browser asked for, until somebody answers elsewhere and it has fetched the answer.

    `email` and what follows are of whoever said yes; `max_age` and `wants_second_factor` are what their sign-in must
    be like.
    """

    __tablename__ = "device_authorizations"
    __table_args__ = (
        UniqueConstraint("tenant", "user_code_hash"),
        Index("ix_device_authorizations_address", "tenant", "address", "expires"),
    )

    device_hash: Mapped[str] = mapped_column(primary_key=True)
    user_code_hash: Mapped[str]
    client: Mapped[str]
    audiences: Mapped[list[str]]
    address: Mapped[str]
    max_age: Mapped[int | None]
    wants_second_factor: Mapped[bool]
    created: Mapped[datetime]
    expires: Mapped[datetime]
    interval_seconds: Mapped[int]
    polled: Mapped[datetime | None]
    state: Mapped[str]
    email: Mapped[str]
    epoch: Mapped[int]
    authenticated: Mapped[datetime | None]
    second_factor: Mapped[bool]
    family: Mapped[str | None]


class WrongUserCodeRow(Base):
    """That somebody typed a code that no device shows: who does so too often must wait."""

    __tablename__ = "wrong_user_codes"
    __table_args__ = (PrimaryKeyConstraint("tenant", "email", "time"),)

    email: Mapped[str]
    time: Mapped[datetime]


class TokenRow(Base):
    """A bearer token; `family` is the one that it lives and dies with, where it has one."""

    __tablename__ = "tokens"
    __table_args__ = (Index("ix_tokens_family", "family"),)

    secret_hash: Mapped[str] = mapped_column(primary_key=True)
    audience: Mapped[str]
    email: Mapped[str]
    epoch: Mapped[int]
    purpose: Mapped[str]
    created: Mapped[datetime]
    expires: Mapped[datetime]
    authenticated: Mapped[datetime | None]
    second_factor: Mapped[bool]
    family: Mapped[str | None] = mapped_column(ForeignKey("token_families.id", ondelete="CASCADE"))


class DirectoryTokenRow(Base):
    """A bearer token with which one directory speaks for itself; only its hash is kept."""

    __tablename__ = "directory_tokens"

    secret_hash: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str]
    directory: Mapped[str]
    owner: Mapped[str]
    purpose: Mapped[str]
    created: Mapped[datetime]
    expires: Mapped[datetime]


class ServiceRow(Base):
    """A service identity or an agent, by its written name."""

    __tablename__ = "service_identities"
    __table_args__ = (PrimaryKeyConstraint("tenant", "name"),)

    name: Mapped[str]
    owner: Mapped[str]
    purpose: Mapped[str]
    public: Mapped[bool]
    made_by: Mapped[str]
    created: Mapped[datetime]
    expires: Mapped[datetime]
    active: Mapped[bool]
    epoch: Mapped[int]
    last_used: Mapped[datetime | None]
    ownerless_since: Mapped[datetime | None]


class CodeRow(Base):
    """A one-time code, bound to an audience and a PKCE challenge."""

    __tablename__ = "one_time_codes"

    code_hash: Mapped[str] = mapped_column(primary_key=True)
    audience: Mapped[str]
    challenge: Mapped[str]
    email: Mapped[str]
    epoch: Mapped[int]
    session_id: Mapped[str]
    expires: Mapped[datetime]


class RoleRow(Base):
    """A role held on a scope."""

    __tablename__ = "role_assignments"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "scope", "role", "holder"),
        Index("ix_role_assignments_holder", "tenant", "holder"),
    )

    scope: Mapped[str]
    role: Mapped[str]
    holder: Mapped[str]
    given_by: Mapped[str]
    time: Mapped[datetime]
