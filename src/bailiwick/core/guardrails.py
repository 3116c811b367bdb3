"""Guardrails: what administrators say about apps at work, in sections; merged from the organisation down to an app.

Each section is a model whose fields all have defaults. What somebody sets at a place are some of its fields; a place
further down says other things about the same fields, unless a place above it bound them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from bailiwick.core.errors import InvalidInputError
from bailiwick.core.policy import scope_chain
from bailiwick.core.sensitive import KINDS, SensitiveKind

Environment = Literal["", "preview", "production"]
IsolationLevel = Literal["process", "gvisor", "kubernetes"]
PayloadRule = Literal["pass", "mask", "refuse"]


class Section(BaseModel):
    """Base of all sections. Fields are checked each by itself: what is merged comes from several places."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def refused_at(self, place: str, environment: Environment) -> str:  # noqa: ARG002 - most can be said anywhere
        """Return why this cannot be said at a place for an environment, empty where it can."""
        return ""


class ErrorRails(Section):
    """When an app is stopped for its errors."""

    window_seconds: float = Field(10.0, gt=0, le=3600, description="how long errors count, in seconds")
    window_requests: int = Field(20, ge=2, le=100_000, description="how many requests there must be to judge by")
    error_ratio: float = Field(0.5, gt=0, le=1, description="the share of them that may fail")
    consecutive_errors: int = Field(8, ge=1, le=100_000, description="how many in a row stop it, whatever the share")
    spike_ratio: float = Field(
        0.3,
        ge=0,
        le=1,
        description="the share of the last second's that may fail, where fewer usually do; 0: not judged",
    )


class DurationRails(Section):
    """When an app is stopped for being far slower than it usually is."""

    slow_ratio: float = Field(
        0.5, ge=0, le=1, description="the share of the last second's answers that may be slow; 0: not judged"
    )
    slow_factor: float = Field(10, ge=2, le=1000, description="slow is so many times what 95 % are usually within")
    slow_floor_ms: float = Field(2000, ge=1, le=600_000, description="and nothing below so many milliseconds is slow")


class CrashRails(Section):
    """When an app is stopped for starting again and again."""

    starts: int = Field(10, ge=0, le=1000, description="so many starts after it ended by itself stop it; 0: not judged")
    minutes: float = Field(10, gt=0, le=1440, description="when they come within so many minutes")


class AmountRails(Section):
    """How much an app may use in a window, and all apps of an integration or a tenant together; 0 is no limit."""

    seconds: float = Field(60, ge=1, le=86_400, description="the window, in seconds")
    tokens: float = Field(0, ge=0, description="tokens to and from models")
    spend: float = Field(0, ge=0, description="what they cost, by these prices")
    price_in: float = Field(0, ge=0, description="the price of a million tokens to models")
    price_out: float = Field(0, ge=0, description="the price of a million tokens from models")
    rows: float = Field(0, ge=0, description="rows of integrations that are read or written")
    bytes_out: float = Field(0, ge=0, description="bytes that are sent to the outside")
    refused_egress: float = Field(500, ge=0, description="connections to the outside that are refused")
    refused_grants: float = Field(500, ge=0, description="statements and calls to models that are refused")
    integration_factor: float = Field(5, ge=0, description="all apps of an integration may have so many times that")
    tenant_factor: float = Field(20, ge=0, description="all apps of a tenant may have so many times that")


class RecoveryRails(Section):
    """How an app that was stopped by itself is tried again; never where it was stopped for security."""

    cool_down_seconds: float = Field(
        0, ge=0, le=86_400, description="after so many seconds, twice as many each time; 0: by hand"
    )
    attempts: int = Field(3, ge=1, le=20, description="so many times, and then by hand only")
    share: float = Field(0.1, gt=0, le=1, description="the share of requests that are let through to it")
    seconds: float = Field(30, ge=1, le=3600, description="when it was well for so long, it runs again")


class IsolationRails(Section):
    """How an app is kept from its host and from other apps."""

    level: IsolationLevel = Field(
        "process", description="process, gvisor or kubernetes; where a plane cannot give that, the app does not start"
    )


class StorageRails(Section):
    """What an app may keep in files of its own."""

    most_mib: int = Field(1024, ge=0, le=1024 * 1024, description="how many MiB it may declare; 0: none")


_BECOMES: Mapping[PayloadRule, str] = {"mask": "masked", "refuse": "refused"}


class OpenedTls(Section):
    """A host to which TLS is opened by the gateway, so that its requests are read; empty methods or paths are all.

    The host is a name, `*.example.com` for all names below one, or `*`. A path is itself, or with `*` at its end what
    begins so. `requests` and `answers` say what becomes of sensitive values in their bodies, `sensitive` of which
    kinds; empty is all.
    """

    host: str = Field(pattern=r"^(\*|(\*\.)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)$")
    methods: tuple[Annotated[str, Field(pattern=r"^[A-Z]{1,20}$")], ...] = Field((), max_length=20)
    paths: tuple[Annotated[str, Field(pattern=r"^/[!-~]{0,300}$")], ...] = Field((), max_length=50)
    requests: PayloadRule = "pass"
    answers: PayloadRule = "pass"
    sensitive: tuple[SensitiveKind, ...] = Field((), max_length=len(KINDS))

    def is_about(self, host: str) -> bool:
        """Return whether it is about a host."""
        return self.host in ("*", host) or (self.host.startswith("*.") and host.endswith(self.host[1:]))

    @property
    def words(self) -> str:
        """What may be asked there."""
        methods, paths = ", ".join(self.methods) or "every method", ", ".join(self.paths) or "every path"
        said = f"{self.host}: {methods} of {paths}"
        for what, rule in (("requests", self.requests), ("answers", self.answers)):
            if rule != "pass":
                said += f"; in {what} {', '.join(self.kinds)} {_BECOMES[rule]}"
        return said

    @property
    def reads_payloads(self) -> bool:
        """Whether bodies are looked at, and not only which requests there are."""
        return (self.requests, self.answers) != ("pass", "pass")

    @property
    def kinds(self) -> tuple[SensitiveKind, ...]:
        """The kinds of values that bodies are looked through for."""
        return self.sensitive or KINDS


class EgressRails(Section):
    """How much an app may send to the hosts that it declared, and take from them."""

    connections_per_second: float = Field(
        50.0, gt=0, le=10_000, description="how many connections it may begin a second"
    )
    open_connections: int = Field(200, ge=1, le=10_000, description="how many may be open at once")
    megabytes_per_second: float = Field(100.0, gt=0, le=100_000, description="how fast bytes pass, both ways together")
    megabytes_per_day: int = Field(50_000, ge=1, description="how much may pass in a day (UTC), both ways together")
    idle_seconds: float = Field(600.0, gt=0, le=86_400, description="how long nothing may pass before one is ended")
    total_seconds: float = Field(86_400.0, gt=0, le=2_592_000, description="how long one may be open at all")
    opened_tls: tuple[OpenedTls, ...] = Field(
        (), max_length=100, description="hosts to which the gateway opens TLS and reads requests; the first counts"
    )

    def opens(self, host: str) -> OpenedTls | None:
        """Return the rule by which TLS to a host is opened, None when it passes unread."""
        return next((rule for rule in self.opened_tls if rule.is_about(host)), None)


class AccessRails(Section):
    """Who may open an app in production beside those who hold a role on it."""

    public: bool = Field(
        False, description="whether everybody may open it in production, also without sign-in; said at an app only"
    )

    def refused_at(self, place: str, environment: Environment) -> str:
        """Refuse to open more than one app at once, and previews: they are for the team."""
        if not self.public:
            return ""
        if not place.startswith("app:"):
            return "an app is opened to everybody by itself, not with all that lies beside it: say it at app:PATH"
        return "" if environment == "production" else "only production is opened to everybody: say it for production"


class RequestRails(Section):
    """How many requests an app takes, and from whom; what the manifest declares counts where it is less."""

    person_per_second: float = Field(
        50.0, gt=0, le=100_000, description="requests a second of one person, service or agent"
    )
    visitor_per_second: float = Field(
        10.0, gt=0, le=100_000, description="requests a second of one address from which nobody is signed in"
    )
    at_once: int = Field(1000, ge=1, le=100_000, description="requests that the app answers at the same time")
    body_megabytes: int = Field(100, ge=1, le=100, description="the largest body of a request, in MiB")


class Guardrails(Section):
    """All sections as they are for one app in one environment."""

    errors: ErrorRails = ErrorRails()
    durations: DurationRails = DurationRails()
    crashes: CrashRails = CrashRails()
    amounts: AmountRails = AmountRails()
    recovery: RecoveryRails = RecoveryRails()
    isolation: IsolationRails = IsolationRails()
    storage: StorageRails = StorageRails()
    egress: EgressRails = EgressRails()
    access: AccessRails = AccessRails()
    requests: RequestRails = RequestRails()


@dataclass(frozen=True, slots=True)
class Rail:
    """What somebody says at a place (`organization:default`, `folder:…` or `app:…`) about fields of a section.

    An empty environment is every one. Where it is `binding`, no place below says otherwise.
    """

    section: str
    place: str
    environment: Environment
    values: Mapping[str, JsonValue]
    binding: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """A field of a section as it is for an app: its value, and the place that says so (empty for the usual value)."""

    section: str
    name: str
    value: JsonValue
    place: str = ""
    binding: bool = False


SECTIONS: Mapping[str, type[Section]] = {
    name: field.annotation
    for name, field in Guardrails.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
}


def section_of(name: str) -> type[Section]:
    """Return the model of a section; raise `InvalidInputError` when there is none of that name."""
    model = SECTIONS.get(name)
    if model is None:
        raise InvalidInputError(f"there are no guardrails '{name[:60]}'", hint=f"known are {', '.join(SECTIONS)}")
    return model


def checked_values(section: str, values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return values as they are kept; raise `InvalidInputError` that names what is unknown or cannot be."""
    model = section_of(section)
    if not values:
        raise InvalidInputError("nothing is said", hint=f"{section} knows {', '.join(model.model_fields)}")
    try:
        kept = model.model_validate(values).model_dump(mode="json", exclude_unset=True)
    except ValidationError as fault:
        problem = fault.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in problem["loc"])[:60]
        if problem["type"] == "extra_forbidden":
            raise InvalidInputError(
                f"{section} has no '{name}'", hint=f"it knows {', '.join(model.model_fields)}"
            ) from None
        words = problem["msg"].removeprefix("Value error, ")
        raise InvalidInputError(f"{section}.{name}: {words}", hint="bailiwick guardrail sections") from None
    return kept


def require_place(section: str, values: Mapping[str, JsonValue], place: str, environment: Environment) -> None:
    """Raise `InvalidInputError` where these values of a section cannot be said at a place for an environment."""
    why = section_of(section).model_validate(values).refused_at(place, environment)
    if why:
        raise InvalidInputError(why)


def settings_for(rails: Iterable[Rail], app: str, environment: str) -> list[Setting]:
    """Return every field as it is for an app in an environment, in the order of the sections.

    The nearest place counts, and one for the environment before one for all; what a place above bound counts first.
    """
    here = [rail for rail in rails if rail.environment in ("", environment)]
    chain = scope_chain(f"app:{app}")[::-1]
    found: dict[tuple[str, str], Setting] = {}
    for place in chain:
        for rail in sorted((rail for rail in here if rail.place == place), key=lambda rail: rail.environment != ""):
            for name, value in rail.values.items():
                above = found.get((rail.section, name))
                if above is None or not above.binding or above.place == place:
                    found[rail.section, name] = Setting(rail.section, name, value, place, rail.binding)
    return [
        found.get((section, name), Setting(section, name, value))
        for section, model in SECTIONS.items()
        for name, value in model().model_dump(mode="json").items()
    ]


def guardrails_of(settings: Iterable[Setting]) -> Guardrails:
    """Return settings as planes take them."""
    sections: dict[str, dict[str, JsonValue]] = {}
    for item in settings:
        sections.setdefault(item.section, {})[item.name] = item.value
    return Guardrails.model_validate(sections)


_VALUE: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


def value_of(text: str) -> JsonValue:
    """Return what a written value means: JSON where it is some, else the text itself."""
    try:
        return _VALUE.validate_json(text)
    except ValidationError:
        return text
