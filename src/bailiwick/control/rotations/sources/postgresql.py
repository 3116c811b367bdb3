"""Passwords of PostgreSQL roles: two roles take turns, or one role gets another password.

With two, each new password is that of the role that rests, so that both work for as long as the grace lasts. Passwords
leave as SCRAM verifiers, made here (as psql's \\password does): no server, log or line sees them in the clear.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal, Self

import psycopg
from psycopg import sql
from pydantic import BaseModel, ConfigDict, Field, model_validator

from bailiwick.control.rotations.errors import SourceRefusedError, SourceUnavailableError
from bailiwick.control.rotations.sources.source import Source
from bailiwick.control.rotations.sources.work import Credential, Work

_Role = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_$.@-]{0,62}$")]
_Connection = psycopg.Connection[tuple[Any, ...]]
_SECONDS = 10
_SETTINGS = f"-c statement_timeout={_SECONDS}s -c lock_timeout={_SECONDS}s"
_BOTH = 2
# What one role has and another has not: memberships, and anything that depends on a role (owned, granted, in a policy).
_MISSING = """
    SELECT 'is a member of ' || m.roleid::regrole::text FROM pg_auth_members m
     WHERE m.member = %(old)s::regrole AND m.roleid <> %(new)s::regrole AND NOT EXISTS (
        SELECT 1 FROM pg_auth_members n WHERE n.member = %(new)s::regrole AND n.roleid = m.roleid)
    UNION ALL
    SELECT 'has rights that the other has not on an object of ' || d.classid::regclass::text FROM pg_shdepend d
     WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = %(old)s::regrole AND d.deptype IN ('o', 'a', 'r', 'i')
       AND d.classid <> 'pg_auth_members'::regclass AND NOT EXISTS (
        SELECT 1 FROM pg_shdepend e WHERE e.refclassid = d.refclassid AND e.refobjid = %(new)s::regrole
           AND e.dbid = d.dbid AND e.classid = d.classid AND e.objid = d.objid AND e.deptype = d.deptype)
    UNION ALL
    SELECT 'may ' || a.privilege_type || ' where the other may not (' || t.kind || ' ' || t.id || ')' FROM (
        SELECT 'relation' AS kind, oid::regclass::text AS id, relacl AS acl FROM pg_class
        UNION ALL SELECT 'column', attrelid::regclass::text || '.' || attname, attacl FROM pg_attribute
        UNION ALL SELECT 'schema', nspname, nspacl FROM pg_namespace
        UNION ALL SELECT 'function', proname, proacl FROM pg_proc
        UNION ALL SELECT 'database', datname, datacl FROM pg_database) t, aclexplode(t.acl) a
     WHERE a.grantee = %(old)s::regrole AND NOT EXISTS (
        SELECT 1 FROM aclexplode(t.acl) b WHERE b.grantee = %(new)s::regrole AND b.privilege_type = a.privilege_type)
    UNION ALL
    SELECT 'has other settings or powers' FROM pg_roles o, pg_roles n
     WHERE o.oid = %(old)s::regrole AND n.oid = %(new)s::regrole AND (o.rolsuper, o.rolbypassrls, o.rolinherit,
           coalesce(o.rolconfig, '{}')) <> (n.rolsuper, n.rolbypassrls, n.rolinherit, coalesce(n.rolconfig, '{}'))
    LIMIT 1"""


class RotatedBy(BaseModel):
    """Who may change the roles' passwords, and the secret with its password."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: _Role
    secret: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]


class PostgresSource(Source):
    """A PostgreSQL server. `roles` are one or two, the one in use first; `by` may be left out where there is one."""

    kind: Literal["postgresql"] = "postgresql"
    host: str = Field(min_length=1, max_length=253)
    port: int = Field(default=5432, ge=1, le=65535)
    database: str = Field(min_length=1, max_length=63)
    tls: bool = False
    roles: tuple[_Role, ...] = Field(min_length=1, max_length=_BOTH)
    by: RotatedBy | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(set(self.roles)) < len(self.roles):
            raise ValueError("two roles take turns: they are not the same")
        if len(self.roles) == _BOTH and self.by is None:
            raise ValueError("say by whom the passwords of two roles are changed: neither changes the other's")
        if self.by is not None and self.by.user in self.roles:
            raise ValueError("who changes the passwords is none of the roles")
        return self

    @property
    def secrets(self) -> frozenset[str]:
        """The names of other secrets that it needs."""
        return frozenset({self.by.secret} if self.by is not None else ())

    @property
    def keeps_old(self) -> bool:
        """Whether the old password works until it is revoked."""
        return len(self.roles) == _BOTH

    @property
    def forgets(self) -> bool:
        """Whether a value that is not in force for sure may be forgotten: it may be the only one that is."""
        return self.keeps_old

    @property
    def words(self) -> str:
        """Where it is."""
        return f"postgresql://{self.host}:{self.port}/{self.database} as {' and '.join(self.roles)}"

    def next_account(self, current: str) -> str:
        """Return which role gets the next password, when `current` has the one in force (empty for the first)."""
        return self.roles[0] if current != self.roles[0] and current else self.roles[-1]

    def make(self, work: Work) -> Credential:
        """Put the new password into force and sign in with it."""
        first = Credential(self.roles[0], work.old.value)
        if not work.old.account and not self._signs_in(first) and not self._signs_in(work.new):
            raise SourceRefusedError(
                f"the value in force does not sign in as {first.account}", hint="list first the role that is in use now"
            )
        if self.keeps_old:
            self._make_beside(work)
        else:
            self._make_instead(work)
        return work.new

    def revoke(self, work: Work) -> str:
        """Take the old role's password and its right to sign in away; return what was done, in words."""
        if not self.keeps_old:
            return "the old password was replaced"
        old = work.old.account or self.roles[0]
        with self._opened(self._changer(work)) as connection:
            connection.execute(sql.SQL("ALTER ROLE {} NOLOGIN PASSWORD NULL").format(sql.Identifier(old)))
            if not work.at_once:
                return f"{old} cannot sign in any more"
            try:
                ended = connection.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = %s", (old,)
                ).fetchone()
            except psycopg.errors.InsufficientPrivilege:
                return f"{old} cannot sign in any more; its sessions could not be ended: grant pg_signal_backend"
            return f"{old} cannot sign in any more; {ended[0] if ended else 0} of its sessions were ended"

    def _make_beside(self, work: Work) -> None:
        old = work.old.account or self.roles[0]
        with self._opened(self._changer(work)) as connection:
            missing = connection.execute(_MISSING, {"old": _quoted(old), "new": _quoted(work.new.account)}).fetchone()
            if missing is not None:
                raise SourceRefusedError(
                    f"{work.new.account} is no twin of {old}: {old} {missing[0]}",
                    hint="give both roles the same rights",
                )
            self._alter(connection, work.new)
        self._test(work.new)

    def _make_instead(self, work: Work) -> None:
        if self._signs_in(work.new):
            return  # was done before somebody was cut off
        try:
            self._replace(work)
        except SourceRefusedError as fault:
            if self._signs_in(Credential(work.new.account, work.old.value)):
                raise
            # Which of both is in force is not known: neither may be forgotten.
            raise SourceUnavailableError(f"{fault.message}, and the old password does not sign in either") from None

    def _replace(self, work: Work) -> None:
        with self._opened(self._changer(work)) as connection:
            self._alter(connection, work.new)
            try:
                self._test(work.new)
            except (SourceRefusedError, SourceUnavailableError):
                self._alter(connection, Credential(work.new.account, work.old.value))
                raise

    def _changer(self, work: Work) -> Credential:
        if self.by is None:
            return Credential(work.old.account or self.roles[0], work.old.value)
        return Credential(self.by.user, work.read(self.by.secret))

    def _alter(self, connection: _Connection, to: Credential) -> None:
        verifier = connection.pgconn.encrypt_password(to.value.encode(), to.account.encode(), b"scram-sha-256").decode()
        # Nobody may switch on their own right to sign in; who changes others may.
        verb = "ALTER ROLE {} LOGIN PASSWORD {}" if self.by is not None else "ALTER ROLE {} PASSWORD {}"
        connection.execute(sql.SQL(verb).format(sql.Identifier(to.account), sql.Literal(verifier)))

    def _test(self, credential: Credential) -> None:
        with self._opened(credential) as connection:
            connection.execute("SELECT 1")

    def _signs_in(self, credential: Credential) -> bool:
        try:
            self._test(credential)
        except SourceRefusedError:
            return False
        return True

    @contextmanager
    def _opened(self, credential: Credential) -> Iterator[_Connection]:
        """Yield a connection; whatever goes wrong is said without any value and without the server's words."""
        try:
            with psycopg.connect(
                host=self.host,
                port=self.port,
                dbname=self.database,
                user=credential.account,
                password=credential.value,
                require_auth="scram-sha-256",
                connect_timeout=_SECONDS,
                options=_SETTINGS,
                application_name="bailiwick rotation",
                autocommit=True,
                sslmode="verify-full" if self.tls else "disable",
                sslrootcert="system" if self.tls else "",
            ) as connection:
                yield connection
        except psycopg.OperationalError as fault:
            # libpq tells no SQLSTATE of a sign-in: what failed after it showed the password was refused.
            if fault.pgconn is not None and fault.pgconn.used_password:
                raise SourceRefusedError(f"{self.host} does not take the sign-in of {credential.account}") from None
            raise SourceUnavailableError(f"{self.host}:{self.port} does not answer") from None
        except psycopg.Error as fault:
            raise SourceRefusedError(
                f"{self.host} refuses what {credential.account} asks for ({fault.sqlstate})",
                hint="it needs CREATEROLE, and ADMIN OPTION on the roles",
            ) from None


def _quoted(role: str) -> str:
    """Return a role's name as a regrole takes it."""
    return '"' + role.replace('"', '""') + '"'
