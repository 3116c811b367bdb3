"""The control plane's settings: one YAML file, overridden by `BAILIWICK_…` variables; unknown keys are refused."""

import os
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, StringConstraints, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bailiwick.control.audit import LEAST_DAYS
from bailiwick.control.build_settings import ArtifactOptions, BuildOptions
from bailiwick.control.exporter_settings import ExporterOptions
from bailiwick.control.identity import certificate_of, require_address
from bailiwick.control.ldap_settings import LdapDirectory
from bailiwick.control.model_settings import ModelSettings
from bailiwick.control.networks import split_address
from bailiwick.control.notice_settings import NoticeSettings
from bailiwick.control.package_settings import PackageOptions
from bailiwick.control.prompt_settings import PromptSettings, RedactionSettings
from bailiwick.control.review import Limits, ReviewPool
from bailiwick.control.rotation_settings import RotationSettings
from bailiwick.control.upgrade_settings import UpgradeSettings
from bailiwick.control.vault import KeyOptions, StoreName, StoreOptions
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.passes import GRANTS_LABEL


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_Domain = Annotated[str, StringConstraints(to_lower=True, pattern=r"^[^@\s]+$")]


class Listen(_Section):
    """Where a server listens."""

    host: str = "127.0.0.1"
    port: int


class OidcProvider(_Section):
    """An identity provider of the company, and how we are known there.

    `domains` are those of the e-mail addresses that it may speak for. `second_factor_levels` are the values of `acr`
    that stand for a second factor there; a sign-in whose `amr` holds "mfa" has one anyway. `groups` are the groups that
    it may put people into: names, or beginnings that end in `*`; all where it is the only provider and says nothing.
    `attributes` are the claims that policies and row limits may ask about. `single_logout` sends people who sign out of
    the console on to the provider, which must know `<public_url>/sign-in` as a place to come back to.
    """

    name: str = Field(default="company", pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    issuer: str
    client_id: str
    client_secret: SecretStr | None = None
    scopes: tuple[str, ...] = ("openid", "profile", "email", "groups")
    domains: frozenset[_Domain] = frozenset()
    second_factor_levels: tuple[str, ...] = ()
    groups: tuple[str, ...] | None = None
    attributes: tuple[str, ...] = ("region", "department", "country")
    single_logout: bool = False


class SamlIdentityProvider(_Section):
    """A SAML provider written out, for one that gives no metadata; addresses are those of its redirect bindings."""

    entity_id: str = Field(min_length=1)
    sign_in_url: str
    logout_url: str = ""
    logout_answer_url: str = ""
    certificates: tuple[str, ...] = Field(min_length=1, description="PEM; several while keys change")

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        for url in (self.sign_in_url, self.logout_url, self.logout_answer_url):
            if url:
                require_address(url)
        for certificate in self.certificates:
            certificate_of(certificate)
        return self


class SamlProvider(_Section):
    """A SAML identity provider of the company: its metadata in a file, or written out as `idp`.

    SAML does not say whether an e-mail address was verified, so a provider speaks for its `domains` only.
    `second_factor_levels` are the AuthnContextClassRef values that stand for a second factor there. `groups` are as
    with OpenID Connect. `idp_initiated` lets it sign people in that we did not send there; then no browser is known to
    have asked.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    domains: frozenset[_Domain] = Field(min_length=1)
    metadata: Path | None = None
    idp: SamlIdentityProvider | None = None
    email_attribute: str = "email"
    name_attribute: str = "name"
    groups_attribute: str = "groups"
    second_factor_levels: tuple[str, ...] = ()
    groups: tuple[str, ...] | None = None
    idp_initiated: bool = False

    @model_validator(mode="after")
    def _is_described_once(self) -> Self:
        if (self.metadata is None) == (self.idp is None):
            raise ValueError("say metadata (a file) or idp, one of them")
        return self


class StepUp(_Section):
    """Actions for which people must have signed in lately, with a second factor, or both."""

    actions: tuple[str, ...] = Field(min_length=1)
    max_age: int | None = Field(default=None, ge=30, description="seconds")
    second_factor: bool = False

    @model_validator(mode="after")
    def _demands_something(self) -> Self:
        if self.max_age is None and not self.second_factor:
            raise ValueError("say max_age (seconds), second_factor: true, or both")
        return self


class FirstAdministrator(_Section):
    """Who becomes organisation administrator by signing in, once: whoever has this claim."""

    claim: Literal["email", "subject", "group"]
    value: str = Field(min_length=1)


class Traces(_Section):
    """For how many days spans of apps are kept; counts of them are for longer (docs/traces.md)."""

    days: int = Field(default=30, ge=1, le=400)


class RoleRule(_Section):
    """A group of the directory that holds a role somewhere: how the first administrators come to be."""

    group: str
    role: str
    scope: str = "organization:default"


class Plane(_Section):
    """A data plane of this installation; its certificate is written into `credentials` and renewed there.

    `addresses` are where other networks would find what belongs to it, each as `host:port`: its router, its model
    gateway, its database servers. Other planes try that they do not reach them. `region` is where it is, for models
    that may be called from some regions only.
    """

    kind: Literal["editor", "production"]
    credentials: Path
    region: str = Field(default="", max_length=40)
    addresses: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _addresses_can_be_tried(self) -> Self:
        for address in self.addresses:
            split_address(address)
        return self


class AuditRetention(_Section):
    """How many days events of the audit log are kept: by the longest beginning of their action in `classes`."""

    days: int = 365
    classes: dict[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z.-]*$")], int] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        for name, days in (("days", self.days), *self.classes.items()):
            if days < LEAST_DAYS:
                raise ValueError(f"audit_retention: {name} is {days}; events are kept for {LEAST_DAYS} days at least")
        return self


class StudioSettings(_Section):
    """For how many days conversations of the studio are kept after somebody spoke in them; for good without any."""

    days: int | None = Field(default=None, ge=1, le=36_500)


class PreviewSettings(_Section):
    """Previews of branches: how many days each lives after its last push, and how many an app has at once."""

    days: int = Field(default=7, ge=1, le=90)
    most: int = Field(default=10, ge=1, le=50)


class ReviewSettings(_Section):
    """How engines of reviews run: in how many processes side by side, for how long, and in how much memory.

    `workers` is two, or the number of the host's cores where there are more. Seconds are for one engine and one change,
    megabytes for each of its processes.
    """

    workers: int | None = Field(default=None, ge=1, le=64)
    engine_seconds: float = Field(default=20.0, gt=0, le=600)
    engine_mebibytes: int = Field(default=512, ge=128, le=16_384)

    def pool(self) -> ReviewPool:
        """Return the pool that these settings ask for."""
        limits = Limits(self.engine_seconds, self.engine_mebibytes * 2**20)
        return ReviewPool(limits, self.workers or max(2, os.cpu_count() or 2))


class ApprovalSettings(_Section):
    """How many days an approval is good, a deploy waits for its decision, and an emergency for a third person."""

    approval_days: int = Field(default=7, ge=1, le=365)
    request_days: int = Field(default=30, ge=1, le=365)
    emergency_review_days: int = Field(default=5, ge=1, le=90)


class ControlSettings(BaseSettings):
    """Everything that the control plane process must be told.

    Where `networks` are `separate`, a plane starts nothing before it has shown that it does not reach the others;
    `shared` is for planes on one machine or network, and is shown as not separated.
    """

    # What is wrong with a value is said without the value, which may be a password in the wrong place.
    model_config = SettingsConfigDict(
        env_prefix="BAILIWICK_", env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    database_url: SecretStr
    state: Path
    console: Listen
    planes_door: Listen
    public_url: str
    ingress_url: str
    oidc: OidcProvider | tuple[OidcProvider, ...] = ()
    saml: tuple[SamlProvider, ...] = ()
    step_up: tuple[StepUp, ...] = ()
    first_administrator: FirstAdministrator | None = None
    role_rules: tuple[RoleRule, ...] = ()
    ldap: tuple[LdapDirectory, ...] = ()
    planes: dict[str, Plane] = Field(default_factory=dict)
    networks: Literal["separate", "shared"] = "separate"
    max_push_bytes: int = 50 * 2**20
    review: ReviewSettings = Field(default_factory=ReviewSettings)
    previews: PreviewSettings = Field(default_factory=PreviewSettings)
    studio: StudioSettings = Field(default_factory=StudioSettings)
    inference: ModelSettings = Field(default_factory=ModelSettings)
    redaction: RedactionSettings = Field(default_factory=RedactionSettings)
    prompts: PromptSettings = Field(default_factory=PromptSettings)
    audit_retention: AuditRetention = Field(default_factory=AuditRetention)
    traces: Traces = Field(default_factory=Traces)
    approvals: ApprovalSettings = Field(default_factory=ApprovalSettings)
    audit_exporters: tuple[ExporterOptions, ...] = ()
    notices: NoticeSettings = Field(default_factory=NoticeSettings)
    secret_rotation: RotationSettings = Field(default_factory=RotationSettings)
    packages: PackageOptions = Field(default_factory=PackageOptions)
    build: BuildOptions = Field(default_factory=BuildOptions)
    artifacts: ArtifactOptions = Field(default_factory=ArtifactOptions)
    vault_keys: KeyOptions = Field(default_factory=KeyOptions)
    secret_stores: dict[StoreName, StoreOptions] = Field(default_factory=dict)
    upgrades: UpgradeSettings | None = None
    connectors: Path | None = Field(default=None, description="a folder with descriptions of systems of your own")
    trusted_proxies: tuple[str, ...] = ()
    trial: bool = Field(default=False, description="of an upgrade: answer, and do nothing by itself")

    _file: Path | None = PrivateAttr(default=None)

    @property
    def file(self) -> Path | None:
        """The file that the settings were read from; None where they were not."""
        return self._file

    @property
    def app_url(self) -> str:
        """The address of an app in production, with `{host}` for its whole host name."""
        ingress = urlsplit(self.ingress_url)
        return f"{ingress.scheme}://{{host}}{f':{ingress.port}' if ingress.port else ''}"

    @property
    def preview_url(self) -> str:
        """The address of a preview, with `{host}` for the name of the app or branch."""
        return self.app_url.format(host="{host}.preview.localhost")

    def grants_address(self, plane: str) -> str:
        """Return where a plane shows drafts of grants; raise `InvalidInputError` for a plane that there is not."""
        if plane not in self.planes:
            raise InvalidInputError(f"there is no plane '{plane[:40]}'")
        if self.planes[plane].kind == "editor":
            return self.preview_url.format(host=GRANTS_LABEL)
        return self.app_url.format(host=f"{GRANTS_LABEL}.localhost")

    @property
    def person_attributes(self) -> tuple[str, ...]:
        """What identity providers tell of people that rows may be limited by."""
        told = (item.attributes for item in self.providers if isinstance(item, OidcProvider))
        return tuple(dict.fromkeys(name for names in told for name in names))

    @property
    def own_hosts(self) -> tuple[str, ...]:
        """The platform's own domains, under which it gives names itself."""
        named = (urlsplit(url).hostname or "" for url in (self.public_url, self.ingress_url))
        return ("localhost", *(name for name in named if name))

    @property
    def providers(self) -> tuple[OidcProvider | SamlProvider, ...]:
        """The identity providers, also when there is only one."""
        return (*((self.oidc,) if isinstance(self.oidc, OidcProvider) else self.oidc), *self.saml)

    @model_validator(mode="after")
    def _providers_can_be_told_apart(self) -> Self:
        providers = self.providers
        domains = [domain for provider in providers for domain in provider.domains]
        if not providers or len({provider.name for provider in providers}) < len(providers):
            raise ValueError("oidc, saml: there must be a provider, and each needs a name of its own")
        if len(providers) > 1 and not all(provider.domains for provider in providers):
            raise ValueError("oidc, saml: with several providers, each must say for which domains it speaks")
        if len(providers) > 1 and any(provider.groups is None for provider in providers):
            raise ValueError(
                "oidc, saml: with several providers, each must say into which groups it may put people, because groups"
                ' hold roles: groups: ["*"] for any, [] for none'
            )
        if len(set(domains)) < len(domains):
            raise ValueError("oidc, saml: two providers speak for the same domain")
        return self

    @model_validator(mode="after")
    def _the_first_administrator_is_one(self) -> Self:
        rule = self.first_administrator
        if rule is not None and rule.claim == "subject" and len(self.providers) > 1:
            raise ValueError("first_administrator: with several providers a subject is not one person: use email")
        return self

    @model_validator(mode="after")
    def _directories_can_be_told_apart(self) -> Self:
        if len({directory.name for directory in self.ldap}) < len(self.ldap):
            raise ValueError("ldap: each directory needs a name of its own")
        return self

    @model_validator(mode="after")
    def _exporters_can_be_told_apart(self) -> Self:
        if len({item.name for item in self.audit_exporters}) < len(self.audit_exporters):
            raise ValueError("audit_exporters: each needs a name of its own")
        return self

    @model_validator(mode="after")
    def _judges_can_be_asked(self) -> Self:
        judge, names = self.prompts.judge, {model.name for model in self.inference.models}
        for name in (judge.model, *judge.models) if judge is not None else ():
            if name not in names:
                raise ValueError(f"prompts: no model is called '{name}'; there are: {', '.join(sorted(names))}")
        asked = next((model for model in self.inference.models if judge and model.name == judge.model), None)
        if asked is not None and asked.upstream is not None and asked.upstream.kind != "azure":
            raise ValueError(f"prompts: {asked.name} cannot judge: it is called by the paths of a cloud")
        return self

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the settings from a YAML file; raises pydantic's `ValidationError` that names each wrong key."""
        loaded = cls(**yaml.safe_load(path.read_text()))
        loaded._file = path
        return loaded

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment override the file."""
        return (env_settings, init_settings)
