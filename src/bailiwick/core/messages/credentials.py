"""As whom the gateway comes to a service: keys that do not change, and tokens that are got and renewed."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from bailiwick.core.messages.addresses import SecretName, require_address
from bailiwick.core.messages.base import Message
from bailiwick.core.messages.reached import OfASecret

# What the gateway writes itself: a credential in one of these would make two of it, or none.
_OWN_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection", "cookie", "accept-encoding"})
# What an authorization request says by itself (RFC 6749 section 4.1.1, RFC 7636, RFC 9126, RFC 9449, OpenID Connect).
_OWN_PARAMETERS = frozenset(
    {"response_type", "response_mode", "client_id", "client_secret", "redirect_uri", "scope", "state", "nonce",
     "code_challenge", "code_challenge_method", "request", "request_uri", "dpop_jkt", "code", "login_hint"}
)  # fmt: skip
_MOST_PARAMETERS = 10
# How long keys of a role may be asked for.
_LEAST_ROLE_SECONDS, _MOST_ROLE_SECONDS = 900, 12 * 3600
# In the subject of an assertion: the address of the person whose request the app serves.
PERSON = "{person}"

EndpointUrl = Annotated[str, Field(max_length=1000), AfterValidator(lambda url: require_address(url, secret=True))]
Scopes = tuple[Annotated[str, Field(pattern=r"^[!#-[\]-~]{1,200}$")], ...]
Printable = Annotated[str, Field(pattern=r"^[!-~]{0,300}$")]
ClientName = Annotated[str, Field(pattern=r"^[!-~]{1,200}$")]


class NoCredential(Message):
    """A service that asks nobody who they are."""

    kind: Literal["none"] = "none"

    @property
    def account(self) -> str:
        """As whom the gateway comes."""
        return "nobody"

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets that it needs."""
        return frozenset()


class BearerToken(OfASecret):
    """A token that does not change, in `authorization` (RFC 6750)."""

    kind: Literal["bearer"]

    @property
    def account(self) -> str:
        """As whom the gateway comes."""
        return "whoever the token is of"


class BasicPassword(OfASecret):
    """A user and a password, in `authorization` (RFC 7617)."""

    kind: Literal["basic"]
    user: str = Field(pattern=r"^[!-9;-~][ -9;-~]{0,200}$")

    @property
    def account(self) -> str:
        """As whom the gateway comes."""
        return self.user


class HeaderKey(OfASecret):
    """A key that does not change, in a header of the service's own."""

    kind: Literal["header"]
    header: str = Field(pattern=r"^[a-z0-9-]{1,60}$")

    @field_validator("header")
    @classmethod
    def _not_ours(cls, name: str) -> str:
        if name in _OWN_HEADERS:
            raise ValueError(f"the header {name} cannot hold a credential")
        return name

    @property
    def account(self) -> str:
        """As whom the gateway comes."""
        return "whoever the key is of"


class AwsSignature(OfASecret):
    """Requests signed by an access key of AWS (Signature Version 4); `secret` holds its secret access key."""

    kind: Literal["aws-sigv4"]
    access_key_id: str = Field(pattern=r"^[A-Za-z0-9_]{1,128}$")
    region: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    service: str = Field(pattern=r"^[a-z0-9-]{1,40}$")

    @property
    def account(self) -> str:
        """As whom the gateway comes."""
        return self.access_key_id


class AwsRole(OfASecret):
    """Requests signed by keys of a role of AWS, which end soon: the gateway assumes it for each person and app, whose
    names the session has.

    `secret` holds the secret access key of `access_key_id` (AssumeRole), or the key (PEM) by which `issuer` signs who
    we are (AssumeRoleWithWebIdentity). `sts_url` is where keys are asked for, AWS's own address by default.
    """

    kind: Literal["aws-role"]
    role: str = Field(pattern=r"^arn:aws[a-z-]{0,20}:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]{1,500}$")
    region: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    service: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    access_key_id: str = Field(default="", pattern=r"^[A-Za-z0-9_]{0,128}$")
    external_id: str = Field(default="", pattern=r"^[A-Za-z0-9_+=,.@:/-]{0,300}$")
    issuer: Printable = ""
    subject: Printable = ""
    audience: Printable = "sts.amazonaws.com"
    key_id: Printable = ""
    sts_url: EndpointUrl | Literal[""] = ""
    seconds: int = Field(default=3600, ge=_LEAST_ROLE_SECONDS, le=_MOST_ROLE_SECONDS)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.access_key_id) == bool(self.issuer):
            raise ValueError("a role is assumed with an access_key_id, or by the word of an issuer")
        if self.issuer and not self.subject:
            raise ValueError("an issuer says who we are: subject")
        if self.issuer and self.external_id:
            raise ValueError("an external_id goes with an access key")
        return self

    @property
    def endpoint(self) -> str:
        """Where keys are asked for."""
        return self.sts_url or f"https://sts.{self.region}.amazonaws.com/"

    @property
    def account(self) -> str:
        """As whom the gateway comes."""
        return self.role


class OAuthClient(Message):
    """A client of an authorization server, and how it shows who it is at the token endpoint.

    `secret` holds a password (`basic`, `body`: RFC 6749 section 2.3.1), a key in PEM (`private-key-jwt`: RFC 7523), or
    a certificate and its key in PEM (`mutual-tls`: RFC 8705; also for `private-key-jwt`, where the server knows the key
    by its certificate). `key_id` and `audience` are what assertions say, the token endpoint by default.
    With `dpop`, tokens are bound to a key that is made for each (RFC 9449).
    """

    token_url: EndpointUrl
    client: ClientName
    secret: SecretName | Literal[""] = ""
    shown: Literal["basic", "body", "private-key-jwt", "mutual-tls", "none"] = "basic"
    key_id: Printable = ""
    audience: Printable = ""
    dpop: bool = False
    scopes: Scopes = ()

    @model_validator(mode="after")
    def _can_show(self) -> Self:
        if (self.shown == "none") == bool(self.secret):
            raise ValueError("a client shows who it is by a secret; shown: none is for one that has none")
        return self

    @property
    def account(self) -> str:
        """As whom the gateway comes."""
        return self.client

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets that it needs."""
        return frozenset({self.secret} if self.secret else ())


class ClientCredentials(OAuthClient):
    """Tokens that the gateway gets for a client of its own (RFC 6749 section 4.4), and renews."""

    kind: Literal["client-credentials"]

    @model_validator(mode="after")
    def _has_a_secret(self) -> Self:
        if not self.secret:
            raise ValueError("client credentials need a secret")
        return self


class JwtBearer(OfASecret):
    """Tokens that the gateway gets by an assertion that it signs with the PEM key in `secret` (RFC 7523 section 2.1):
    service accounts of Google, and Salesforce.

    `subject` is as whom the token acts; `{person}` is the address of the person whose request the app serves.
    """

    kind: Literal["jwt-bearer"]
    token_url: EndpointUrl
    issuer: ClientName
    subject: Printable = ""
    audience: Printable = ""
    key_id: Printable = ""
    scopes: Scopes = ()

    @property
    def account(self) -> str:
        """As whom the gateway comes."""
        return "the person who asks" if self.of_a_person else self.subject or self.issuer

    @property
    def of_a_person(self) -> bool:
        """Whether each person has a token of their own."""
        return PERSON in self.subject


class TokenExchange(OAuthClient):
    """Tokens for the person who asks, got for an assertion of the platform that says which app or agent acts for them
    (RFC 8693). `issuer` signs it with the PEM key in `signing_secret`; `target` is the audience that is asked for.
    """

    kind: Literal["token-exchange"]
    issuer: ClientName
    signing_secret: SecretName
    target: Printable = ""

    @property
    def account(self) -> str:
        """As whom the gateway comes."""
        return "the person who asks"

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets that it needs."""
        return super().secrets | {self.signing_secret}


class PersonConsent(OAuthClient):
    """Tokens of each person, who consents once in the console (RFC 6749 section 4.1 with RFC 7636). The control plane
    keeps what renews them, and the client's secret; planes get tokens that end soon.

    `issuer` is how the server names itself in its answers (RFC 9207): where it is given, an answer must name it.
    A service without a way back for browsers has a `device_url` in place of `authorization_url` (RFC 8628).
    `par_url` takes the request before the browser goes (RFC 9126), `revocation_url` takes tokens back (RFC 7009).
    `parameters` are what the server wants beside the usual ones, such as `access_type: offline`.
    """

    kind: Literal["person"]
    authorization_url: EndpointUrl | Literal[""] = ""
    device_url: EndpointUrl | Literal[""] = ""
    issuer: Printable = ""
    par_url: EndpointUrl | Literal[""] = ""
    revocation_url: EndpointUrl | Literal[""] = ""
    parameters: Mapping[
        Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")], Annotated[str, Field(pattern=r"^[ -~]{1,300}$")]
    ] = Field(default_factory=dict, max_length=_MOST_PARAMETERS)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.authorization_url) == bool(self.device_url):
            raise ValueError("people consent at an authorization_url or at a device_url")
        if self.device_url and (self.par_url or self.issuer):
            raise ValueError("a device_url has no par_url and no issuer: nothing comes back with a browser")
        return self

    @field_validator("parameters")
    @classmethod
    def _not_the_usual(cls, parameters: Mapping[str, str]) -> Mapping[str, str]:
        for name in parameters:
            if name in _OWN_PARAMETERS:
                raise ValueError(f"the parameter {name} is written by the platform")
        return parameters

    @property
    def account(self) -> str:
        """As whom the gateway comes."""
        return "the person who asks"

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets that planes need: none."""
        return frozenset()

    @property
    def control_secrets(self) -> frozenset[str]:
        """The names of the secrets that stay with the control plane."""
        return super().secrets


Credential = Annotated[
    NoCredential
    | BearerToken
    | BasicPassword
    | HeaderKey
    | AwsSignature
    | AwsRole
    | ClientCredentials
    | JwtBearer
    | TokenExchange
    | PersonConsent,
    Field(discriminator="kind"),
]
