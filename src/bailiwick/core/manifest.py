"""The manifest: what an app declares in `bailiwick.toml`, read strictly so that a mistake is named where it stands."""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from bailiwick.core.errors import InvalidInputError
from bailiwick.core.modes import PREVIEW, Mode
from bailiwick.core.schedules import require_schedule, require_zone
from bailiwick.core.static_site import StaticSection

FILE_NAME = "bailiwick.toml"
MAX_BYTES = 64 * 1024
_SIZE = re.compile(r"(\d+)\s*(KiB|MiB|GiB)")
_SIZE_UNITS = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}

# Smaller file systems keep no journal.
LEAST_STORAGE_BYTES = 8 * 2**20

# The runtime of an app that runs on whichever Python 3 there is.
ANY_PYTHON = "python3"
# The kind of an app of which nothing runs, and its runtime.
STATIC = "static"
_PREVIEW_IDLE_MINUTES = 30.0
# What the router takes of any app's requests at most.
MAX_REQUEST_HEAD, MAX_REQUEST_BODY = "64KiB", "100MiB"

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,38}$")]
# What starts: a name in a module for Python, a file of the app for Node.
_PYTHON_ENTRY, _NODE_ENTRY = r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", r"(?:[\w.@+-]+/)*[\w.@+-]+\.[cm]?js"
EntryPoint = Annotated[str, Field(pattern=rf"^({_PYTHON_ENTRY}|{_NODE_ENTRY})$")]
HostName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
Host = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?:\d{1,5}$")]
EgressProtocol = Literal["tls", "http", "smtp"]
ACCESS_RULE = r"^[A-Za-z_]\w*:(read|write)$"
AccessRule = Annotated[str, Field(pattern=ACCESS_RULE)]


class ManifestError(InvalidInputError):
    """The manifest cannot be read, or says something that Bailiwick does not know."""

    code = "manifest.invalid"

    def __init__(self, problems: Sequence[str], *, line: int | None = None) -> None:
        """Take one sentence for each problem and the line of the first, when it is known."""
        place = f"{FILE_NAME}:{line}" if line else FILE_NAME
        super().__init__(
            f"{place}: " + "; ".join(problems),
            hint="correct the manifest and push again; docs/reference/manifest.md lists every key",
            details={"problems": list(problems)},
        )
        self.problems = tuple(problems)
        self.line = line


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AppSection(_Section):
    """Who the app is and what it is for."""

    name: Name
    purpose: str = Field(min_length=10, max_length=400)
    kind: Literal["web", "job", "agent", "static"] = "web"
    runtime: Annotated[str, Field(pattern=r"^(python3(\.\d{1,2})?|node\d{2}|static)$")] = ANY_PYTHON
    entrypoint: EntryPoint | None = None
    health: Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._~/-]{0,199})?$")] = ""
    data_classes: tuple[Name, ...] = ()
    tests: Literal["pytest", "unittest"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _static_runs_on_nothing(cls, said: Any) -> Any:
        return {"runtime": STATIC, **said} if isinstance(said, dict) and said.get("kind") == STATIC else said

    @model_validator(mode="after")
    def _static_in_both(self) -> Self:
        if (self.kind == STATIC) != (self.runtime == STATIC):
            raise ValueError(f'kind = "{STATIC}" and runtime = "{STATIC}" go together: nothing of such an app runs')
        for key in ("entrypoint", "health", "tests"):
            if self.is_static and getattr(self, key):
                raise ValueError(f"nothing of a static app runs: {key} says nothing")
        return self

    @model_validator(mode="after")
    def _web_needs_entrypoint(self) -> Self:
        if self.kind == "web" and self.entrypoint is None:
            wanted = "server.js" if self.on_node else "module:object"
            raise ValueError(f'a web app needs entrypoint = "{wanted}"')
        if self.on_node and self.tests is not None:
            raise ValueError(f'tests = "{self.tests}" are run for Python only')
        if self.kind == "agent" and self.entrypoint is not None:
            raise ValueError("an agent has no entrypoint: what it does are its [workers]")
        return self

    @property
    def on_node(self) -> bool:
        """Whether it runs on Node."""
        return self.runtime.startswith("node")

    @property
    def is_static(self) -> bool:
        """Whether nothing of it runs: it is files, which the router serves."""
        return self.kind == STATIC


class IntegrationUse(_Section):
    """An integration by the name that the code uses: its resource, and the access asked as `table:read|write`.

    `webhooks` are the app's own paths for what the system sends by itself, by the name that the integration gives it.
    """

    use: Name
    access: tuple[AccessRule, ...] = Field(min_length=1)
    webhooks: Mapping[Name, Annotated[str, Field(pattern=r"^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,79}){1,8}$")]] = Field(
        default_factory=dict, max_length=20
    )


class ModelUse(_Section):
    """A model route under the name that the code uses."""

    use: Name


class EgressHost(_Section):
    """A host outside that the app may open, and how it speaks with it: `tls`, or `http` or `smtp` in clear."""

    host: HostName
    port: int = Field(ge=1, le=65535)
    protocol: EgressProtocol = "tls"

    @property
    def address(self) -> str:
        """Host and port, as `host:port`."""
        return f"{self.host}:{self.port}"

    @property
    def reach(self) -> str:
        """What a reach says of it: the address, and the protocol where it is not TLS."""
        return self.address if self.protocol == "tls" else f"{self.address}/{self.protocol}"


class Egress(_Section):
    """Hosts outside that the app may open: each as `host:port` where it is TLS, or with its protocol."""

    allow: tuple[Host, ...] = ()
    hosts: tuple[EgressHost, ...] = ()

    @field_validator("allow")
    @classmethod
    def _real_ports(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not 1 <= int(host.rsplit(":", 1)[1]) <= 65535:  # noqa: PLR2004 - the range of TCP ports
                raise ValueError(f"{host} does not end in a port between 1 and 65535")
        return tuple(dict.fromkeys(hosts))

    @model_validator(mode="after")
    def _one_protocol_each(self) -> Self:
        seen = set(self.allow)
        for item in self.hosts:
            if item.address in seen:
                raise ValueError(f"{item.address} is declared twice")
            seen.add(item.address)
        return self

    @property
    def declared(self) -> tuple[EgressHost, ...]:
        """All hosts, however they are written."""
        split = (entry.rpartition(":") for entry in self.allow)
        return (*(EgressHost(host=host, port=int(port)) for host, _, port in split), *self.hosts)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Each host as `host:port`."""
        return (*self.allow, *(item.address for item in self.hosts))


class OwnDatabase(_Section):
    """The app wants a governed database of its own."""


class Storage(_Section):
    """The app keeps files of its own in a folder that outlives its sandboxes; `size` is what they may take together."""

    size: str

    @field_validator("size")
    @classmethod
    def _whole_mebibytes(cls, text: str) -> str:
        if size_bytes(text) < LEAST_STORAGE_BYTES or size_bytes(text) % _SIZE_UNITS["MiB"]:
            raise ValueError(f"'{text}' is not a whole number of MiB, 8MiB or more")
        return text

    @property
    def bytes(self) -> int:
        """The size in bytes."""
        return size_bytes(self.size)


class Job(_Section):
    """Work on a schedule: a cron expression of five fields in a time zone, and the function to run.

    A run that fails is tried again `retries` times, after `retry_seconds` and then twice as long each time.
    """

    schedule: Annotated[str, Field(pattern=r"^(\S+\s+){4}\S+$", max_length=200)]
    run: EntryPoint
    timezone: Annotated[str, Field(pattern=r"^[A-Za-z0-9_+-]{1,32}(/[A-Za-z0-9_+-]{1,32}){0,2}$")] = "UTC"
    missed: Literal["skip", "run-once"] = "skip"
    missed_hours: int = Field(default=24, ge=1, le=24 * 31)
    overlap: Literal["skip", "allow"] = "skip"
    retries: int = Field(default=0, ge=0, le=10)
    retry_seconds: int = Field(default=30, ge=1, le=3600)
    timeout_seconds: int | None = Field(default=None, ge=1, le=86_400)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        require_zone(name)
        return name

    @model_validator(mode="after")
    def _readable_schedule(self) -> Self:
        require_schedule(self.schedule, self.timezone)
        return self

    @property
    def words(self) -> str:
        """When it runs, as a reach says it: the expression, and the zone where it is not UTC."""
        return self.schedule if self.timezone == "UTC" else f"{self.schedule} {self.timezone}"


class Worker(_Section):
    """Work beside the web server, in a sandbox of its own: a function that is called for each message of its queue,
    `concurrency` at once, or (`queue = false`) one that is kept going.

    A message that fails is given out again `retries` times, after `retry_seconds` and then twice as long each time.
    `steps` is how many calls of models each may take.
    """

    run: EntryPoint
    queue: bool = True
    concurrency: int = Field(default=1, ge=1, le=16)
    retries: int = Field(default=4, ge=0, le=20)
    retry_seconds: int = Field(default=10, ge=1, le=3600)
    timeout_seconds: int = Field(default=300, ge=1, le=86_400)
    steps: int | None = Field(default=None, ge=1, le=10_000)

    @model_validator(mode="after")
    def _messages_need_a_queue(self) -> Self:
        said = self.model_fields_set - {"run", "queue"}
        if not self.queue and said:
            raise ValueError(f"a worker without a queue gets no messages: {', '.join(sorted(said))} say nothing")
        return self

    @property
    def words(self) -> str:
        """What it does, as a reach says it."""
        return f"{self.run}, for each message" if self.queue else f"{self.run}, all the time"


class LimitSection(_Section):
    """What the app may use at most; `connections` are those to what it declared that are open at once."""

    memory: str = "256MiB"
    cpu: float = Field(default=0.5, gt=0, le=16)
    processes: int = Field(default=64, ge=4, le=1024)
    disk: str = "64MiB"
    requests_per_second: int = Field(default=50, ge=1, le=100_000)
    requests_at_once: int = Field(default=200, ge=1, le=100_000)
    request_head: str = "64KiB"
    request_body: str = "100MiB"
    open_files: int = Field(default=256, ge=32, le=65_536)
    connections: int = Field(default=128, ge=1, le=4096)
    start_seconds: int = Field(default=60, ge=1, le=600)
    request_seconds: int = Field(default=60, ge=1, le=3600)
    job_seconds: int = Field(default=3600, ge=1, le=86_400)
    idle_minutes: float | None = Field(default=None, ge=0, le=7 * 24 * 60)

    @field_validator("memory", "disk", "request_head", "request_body")
    @classmethod
    def _readable_size(cls, text: str) -> str:
        size_bytes(text)
        return text

    def idle_seconds(self, mode: Mode) -> float:
        """Return after how long without a request it sleeps, 0 for never: previews do where nothing is said."""
        minutes = self.idle_minutes
        if minutes is None:
            minutes = _PREVIEW_IDLE_MINUTES if mode == PREVIEW else 0
        return minutes * 60

    @model_validator(mode="after")
    def _within_what_the_router_takes(self) -> Self:
        for name, most in (("request_head", MAX_REQUEST_HEAD), ("request_body", MAX_REQUEST_BODY)):
            if size_bytes(getattr(self, name)) > size_bytes(most):
                raise ValueError(f"{name} is {most} at most")
        return self

    @property
    def memory_bytes(self) -> int:
        """The memory limit in bytes."""
        return size_bytes(self.memory)

    @property
    def disk_bytes(self) -> int:
        """The limit of what may be written to disk, in bytes."""
        return size_bytes(self.disk)


class Manifest(_Section):
    """Everything that an app declares."""

    app: AppSection
    integrations: Mapping[Name, IntegrationUse] = Field(default_factory=dict)
    models: Mapping[Name, ModelUse] = Field(default_factory=dict)
    egress: Egress = Field(default_factory=Egress)
    database: OwnDatabase | None = None
    storage: Storage | None = None
    jobs: Mapping[Name, Job] = Field(default_factory=dict)
    workers: Mapping[Name, Worker] = Field(default_factory=dict, max_length=20)
    static: StaticSection | None = None
    limits: LimitSection = Field(default_factory=LimitSection)

    @model_validator(mode="after")
    def _static_is_files(self) -> Self:
        said = self.model_fields_set - {"app", "static", "limits"}
        if self.app.is_static and said:
            raise ValueError(f"nothing of a static app runs: [{sorted(said)[0]}] says nothing")
        if self.app.is_static and self.static is None:
            raise ValueError('a static app needs [static] with folder = "dist", or wherever its files lie')
        if self.static is not None and self.app.kind not in ("web", STATIC):
            raise ValueError(f"[static] is for web and static apps, and this is of kind {self.app.kind}")
        if self.static is not None and self.misses_go_to_app and self.static.named:
            key = next(iter(self.static.named))
            raise ValueError(
                f"{key}: at the prefix / the app answers what is no file; say another prefix, or leave it out"
            )
        return self

    @model_validator(mode="after")
    def _entries_of_the_runtime(self) -> Self:
        wanted, example = (_NODE_ENTRY, "server.js") if self.app.on_node else (_PYTHON_ENTRY, "module:object")
        for place, entry in self.entrypoints.items():
            if re.fullmatch(wanted, entry) is None or {".", ".."} & set(entry.split("/")):
                raise ValueError(f"{place} = '{entry}': on {self.app.runtime} it is written as '{example}'")
        called = [name for name, worker in self.workers.items() if worker.queue]
        if self.app.on_node and called:
            raise ValueError(f"workers.{called[0]}: functions are called for messages in Python; say queue = false")
        return self

    @model_validator(mode="after")
    def _agents_work(self) -> Self:
        if self.app.kind == "agent" and not self.workers:
            raise ValueError("an agent needs [workers]: what it does, for each task or all the time")
        return self

    @property
    def has_jobs_only(self) -> bool:
        """Whether there is nothing to open: a job app that names no web server, or an agent."""
        return self.app.kind in ("job", "agent") and self.app.entrypoint is None

    @property
    def misses_go_to_app(self) -> bool:
        """Whether the app answers what is asked for below the prefix of its static files and is none of them."""
        return self.static is not None and self.static.prefix == "/" and not self.app.is_static

    @property
    def has_queues(self) -> bool:
        """Whether any of its workers gets messages."""
        return any(worker.queue for worker in self.workers.values())

    @property
    def entrypoints(self) -> dict[str, str]:
        """All that is started of it, by the key of the manifest that says so."""
        web = {"app.entrypoint": self.app.entrypoint} if self.app.entrypoint is not None else {}
        jobs = {f"jobs.{name}": job.run for name, job in self.jobs.items()}
        return {**web, **jobs, **{f"workers.{name}": worker.run for name, worker in self.workers.items()}}


def size_bytes(text: str) -> int:
    """Return the bytes of a size such as `256MiB`; raise `ValueError` when it is not one."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not a size: write a number and KiB, MiB or GiB")
    return int(match[1]) * _SIZE_UNITS[match[2]]


def parse_manifest(text: str) -> Manifest:
    """Read a manifest; raise `ManifestError` that names each problem, its place and the nearest known key."""
    if len(text.encode()) > MAX_BYTES:
        raise ManifestError([f"larger than {MAX_BYTES // 1024} KiB"])
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        found = re.search(r"at line (\d+)", str(fault))
        raise ManifestError([f"not valid TOML: {fault}"], line=int(found[1]) if found else None) from None
    try:
        return Manifest.model_validate(document)
    except ValidationError as fault:
        problems = list(_problems(fault))
        raise ManifestError([words for words, _ in problems], line=_line_of(text, problems[0][1])) from None


def _problems(fault: ValidationError) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each problem in words with its place; keys that nobody knows come first, as they explain the rest."""
    for error in sorted(fault.errors(include_url=False), key=lambda item: item["type"] != "extra_forbidden"):
        place = tuple(part for part in error["loc"] if isinstance(part, str) and part != "[key]")
        written = ".".join(place)
        if error["type"] == "extra_forbidden":
            yield f"unknown key '{written}'{_nearest(place)}", place
        elif error["type"] == "missing":
            yield f"'{written}' is missing", place
        else:
            words = error["msg"].removeprefix("Value error, ")
            yield f"'{written}': {words}" if written else words, place


def _nearest(place: tuple[str, ...]) -> str:
    known = sorted(_known_keys(Manifest, place[:-1]))
    close = difflib.get_close_matches(place[-1], known, n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else f"; known here: {', '.join(known)}"


def _known_keys(model: type[BaseModel], place: Sequence[str]) -> set[str]:
    """Return the keys that are known in the table at `place`, walking through named sub-tables."""
    if not place:
        return set(model.model_fields)
    field = model.model_fields.get(place[0])
    if field is None:
        return set()
    for candidate, depth in _section_types(field.annotation):
        return _known_keys(candidate, place[1 + depth :])
    return set()


def _section_types(annotation: Any) -> Iterator[tuple[type[BaseModel], int]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, 0
    for argument in getattr(annotation, "__args__", ()):
        if isinstance(argument, type) and issubclass(argument, BaseModel):
            yield argument, int(getattr(annotation, "__origin__", None) is not None and "Mapping" in str(annotation))


def _line_of(text: str, place: Sequence[str]) -> int | None:
    """Return the line (from 1) where the key at `place` is written, as far as a simple look can tell."""
    section = ""
    if not place:
        return None
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.fullmatch(r"\s*\[{1,2}([^\[\]]+)\]{1,2}\s*(#.*)?", line)
        if header:
            section = header[1].strip()
            if section == ".".join(place):
                return number
        elif section == ".".join(place[:-1]) and re.match(rf"\s*[\"']?{re.escape(place[-1])}[\"']?\s*=", line):
            return number
    return None
