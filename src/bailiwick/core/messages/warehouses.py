"""Warehouses that are asked over HTTP: where they are, as whom, and what a statement there may cost."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bailiwick.core.messages.addresses import require_address
from bailiwick.core.messages.credentials import ClientName, EndpointUrl, JwtBearer, Printable
from bailiwick.core.messages.reached import OfASecret, OfAUser, OverHttp

_BIGQUERY_SCOPE = "https://www.googleapis.com/auth/bigquery"
# Google bills no less than that for a statement that reads anything.
_LEAST_BYTES_BILLED = 10 * 2**20
_TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
_Plain = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_$]{0,254}$")]
_OrNothing = Annotated[str, Field(pattern=r"^([A-Za-z_][A-Za-z0-9_$]{0,254})?$")]


class BigQueryConnection(OverHttp, OfASecret):
    """A dataset of BigQuery, read by a service account: `issuer` is its address, `secret` holds its private key (PEM).

    A statement that would read more than `most_bytes_billed` is refused by BigQuery before it runs; 0 is no limit.
    """

    kind: Literal["bigquery"]
    project: str = Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")
    dataset: str = Field(pattern=r"^[A-Za-z0-9_]{1,1024}$")
    location: str = Field(default="", pattern=r"^[A-Za-z0-9-]{0,40}$")
    issuer: ClientName
    key_id: Printable = ""
    most_bytes_billed: int = Field(default=10 * 2**30, ge=0, le=2**50)
    url: str = Field(default="https://bigquery.googleapis.com", max_length=1000)
    token_url: EndpointUrl = _TOKEN_URL

    @model_validator(mode="after")
    def _safe(self) -> Self:
        require_address(self.url, secret=True)
        if 0 < self.most_bytes_billed < _LEAST_BYTES_BILLED:
            raise ValueError("most_bytes_billed is 10 MiB at least, which is what Google bills")
        return self

    @property
    def credential(self) -> JwtBearer:
        """How the gateway gets tokens."""
        return JwtBearer(
            kind="jwt-bearer", token_url=self.token_url, issuer=self.issuer, key_id=self.key_id, secret=self.secret,
            scopes=(_BIGQUERY_SCOPE,),
        )  # fmt: skip

    @property
    def account(self) -> str:
        """As whom the gateway comes."""
        return self.issuer

    @property
    def words(self) -> str:
        """Where it is, without a credential."""
        return f"bigquery://{self.project}/{self.dataset}"


class SnowflakeConnection(OverHttp, OfAUser):
    """A schema of a database of Snowflake, read by a user whose public key Snowflake knows: `secret` holds the private
    one (PEM). Names are as Snowflake keeps them, in capitals as a rule.
    """

    kind: Literal["snowflake"]
    account_name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,200}$")
    user: str = Field(pattern=r"^[A-Za-z0-9_@.-]{1,200}$")
    database: _Plain
    namespace: _Plain = "PUBLIC"
    warehouse: _OrNothing = ""
    role: _OrNothing = ""
    url: str = Field(default="", max_length=1000)

    @model_validator(mode="after")
    def _safe(self) -> Self:
        require_address(self.address, secret=True)
        return self

    @property
    def address(self) -> str:
        """Where its interface is."""
        host = self.account_name.lower().replace("_", "-")
        return self.url or f"https://{host}.snowflakecomputing.com"

    @property
    def words(self) -> str:
        """Where it is, without a credential."""
        return f"snowflake://{self.account_name}/{self.database}/{self.namespace}"
