"""A data plane's settings: one YAML file; unknown keys are refused."""

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field

from bailiwick.dataplane.otel import OtlpCollector


class AnyMoment(BaseModel):
    """How far back databases can be put to any moment.

    `url_file` holds the URL of an account with REPLICATION that may connect to the database it names. Every moment of
    the last `keep_days` can be rebuilt, from a whole copy that is made every `copy_hours` and the log since.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url_file: Path
    keep_days: float = Field(default=7, gt=0, le=365)
    copy_hours: float = Field(default=24, gt=0, le=24 * 30)


class AppDatabases(BaseModel):
    """The PostgreSQL server for apps' own databases.

    `url_file` holds the connection URL of an account that may create roles and databases, readable by the plane only.
    `programs` is where pg_dump and pg_restore are, where that is not on the PATH. Of each database the newest
    `keep_snapshots` are kept, and none longer than `keep_days` but the newest. `lock_seconds` and `statement_seconds`
    are how long a migration may wait for a lock and run a statement. Without `any_moment` databases are put back to
    snapshots only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url_file: Path
    programs: Path | None = None
    keep_snapshots: int = Field(default=10, ge=1, le=1000)
    keep_days: int = Field(default=30, ge=1, le=3650)
    lock_seconds: float = Field(default=3.0, gt=0, le=60)
    statement_seconds: float = Field(default=300.0, gt=0, le=86_400)
    any_moment: AnyMoment | None = None


class IngressTls(BaseModel):
    """Certificate (with what leads to its authority) and key of the router, in PEM.

    In `folder` lie those for further host names, as `NAME.crt` and `NAME.key`. All are read again on change.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    certificate: Path
    key: Path
    folder: Path | None = None


class AllApps(BaseModel):
    """What all apps of the plane's tenant may use together on its host; 0 is no limit but those of each app."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    memory_mib: int = Field(default=0, ge=0)
    cpu: float = Field(default=0, ge=0, le=10_000)
    processes: int = Field(default=0, ge=0)


class SharedLimits(BaseModel):
    """The Redis or Valkey server at which planes count the rates of integrations together.

    `url_file` holds its URL with the password: `rediss://`, or `redis://` to this machine only, or `unix://`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url_file: Path

    @property
    def url(self) -> str:
        """The URL; raises `ValueError` for one over which a password would go in the clear."""
        url = self.url_file.read_text().strip()
        parts = urlsplit(url)
        here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
        if parts.scheme not in {"rediss", "unix"} and not (parts.scheme == "redis" and here):
            raise ValueError(f"{self.url_file} must hold a rediss:// URL: the shared counter is reached over TLS")
        return url


class DataPlaneSettings(BaseModel):
    """Everything that a data plane must be told.

    `state` must be reachable by the uids of tenants; `allow_networks` are internal networks that declared egress may
    reach, none by default. `name_servers` (`address` or `address:port`) are asked for declared hosts, where it is not
    to be done as this machine resolves names. `proxies` are the networks of proxies in front of it, which must say with
    the PROXY protocol for whom they connect. `model_port` opens the model gateway, on `model_host`, to whoever shows a
    token; apps need neither. `health_port` answers `/healthz` and `/readyz`, on `health_host`, to whoever watches the
    process. What this plane must not reach is tried every `network_probe_seconds`; ways out of its sandboxes are every
    `attack_hours`, 0 for only when asked. Without `app_databases` apps get no databases of their own here; `all_apps`
    is what all of them may use together. A release whose place was taken stays warm for `warm_minutes`, so that a
    rollback to it needs no start, and so does an idle app; 0 keeps none. Idle apps stay warm after that, too, while all
    that sleep take no more than `warm_memory_mib` together. `gvisor_platform` is how gVisor's kernel gets hold of apps'
    system calls; without it runsc chooses. With `tls` the router speaks TLS, and HTTP/2 to whoever can;
    `connections` is how many it has open at most, and how many of one address. SQLite and DuckDB files of integrations
    are in one of the folders `database_files`; without any there are none. With `shared_limits`
    rates of integrations are counted together with other planes. A collector of telemetry is told of calls of models
    where `otlp` names one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    plane: str
    control_url: str
    credentials: Path
    state: Path
    ingress_host: str = "127.0.0.1"
    ingress_port: int
    model_host: str = "127.0.0.1"
    model_port: int | None = None
    health_host: str = "127.0.0.1"
    health_port: int | None = None
    host_suffix: str
    wheels: Path
    allow_networks: tuple[str, ...] = ()
    name_servers: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    tls: IngressTls | None = None
    connections: int = Field(default=10_000, ge=10, le=1_000_000)
    connections_per_address: int = Field(default=1000, ge=1, le=1_000_000)
    app_databases: AppDatabases | None = None
    all_apps: AllApps = AllApps()
    shared_limits: SharedLimits | None = None
    otlp: OtlpCollector | None = None
    warm_minutes: float = Field(default=15.0, ge=0, le=1440)
    attack_hours: float = Field(default=24.0, ge=0, le=8760)
    warm_memory_mib: int = Field(default=0, ge=0, le=2**20)
    network_probe_seconds: float = Field(default=300.0, ge=1, le=86_400)
    gvisor_platform: Literal["", "ptrace", "systrap", "kvm"] = ""
    database_files: tuple[Path, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the settings; raises pydantic's `ValidationError` that names each wrong key."""
        return cls.model_validate(yaml.safe_load(path.read_text()))


class FrontSettings(BaseModel):
    """Where the front listens and to which plane each host suffix belongs, as `suffix: host:port`.

    Every other host name, such as apps have in domains of an organisation's own, is for the plane of `others`, or for
    nobody without it. `announce` tells planes with the PROXY protocol for whom the front connects; they must have it in
    their `proxies`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = "127.0.0.1"
    port: int
    forward: dict[str, str] = Field(min_length=1)
    announce: bool = False
    others: str = ""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the settings; raises pydantic's `ValidationError` that names each wrong key."""
        return cls.model_validate(yaml.safe_load(path.read_text()))
