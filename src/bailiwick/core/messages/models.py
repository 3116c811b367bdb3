"""Models as planes may call them: where, for whom, with which data and at what price; budgets, and their use."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from bailiwick.core.messages.base import Message
from bailiwick.core.messages.credentials import AwsSignature, ClientCredentials, JwtBearer
from bailiwick.core.messages.limits import IntegrationLimits, Limit
from bailiwick.core.prompt_logs import LogLevel

Surface = Literal["openai", "anthropic", "vertex", "bedrock"]
Environment = Literal["editor", "production"]
Unit = Literal["tokens", "money", "calls"]
Period = Literal["day", "month"]
# Answers of models take longer than those of other systems, so that more of them are under way.
MODEL_LIMITS = IntegrationLimits(everybody=Limit(at_once=500), app=Limit(at_once=200), person=Limit(at_once=50))
# Money is counted in millionths of the currency: what a token costs, where the price is of a million tokens.
MILLIONTHS = 1_000_000


class ModelPrice(Message):
    """What a million tokens cost, in the currency of the settings: sent, answered, sent again and found in the server's
    cache, and put into it. The last two cost what is sent costs where nothing is said.
    """

    input: float = Field(ge=0, le=1_000_000)
    output: float = Field(ge=0, le=1_000_000)
    cached_input: float | None = Field(default=None, ge=0, le=1_000_000)
    cache_write: float | None = Field(default=None, ge=0, le=1_000_000)

    def of(self, tokens_in: int, tokens_out: int, *, cached: int = 0, written: int = 0) -> int:
        """Return what tokens cost, in millionths; `cached` and `written` are parts of those that were sent."""
        cheap = self.input if self.cached_input is None else self.cached_input
        dear = self.input if self.cache_write is None else self.cache_write
        plain = max(0, tokens_in - cached - written)
        return _up(plain * self.input + cached * cheap + written * dear + tokens_out * self.output)

    def at_most(self, tokens_in: int, tokens_out: int) -> int:
        """Return what tokens may cost, in millionths: nobody knows before what a server's cache does."""
        dearest = max(self.input, self.cached_input or 0, self.cache_write or 0)
        return _up(tokens_in * dearest + tokens_out * self.output)


class ModelBudget(Message):
    """How much may be used of `models` (of all, where none is named) in a day or a month (UTC).

    `of` is whose: an app, a person, a service or an agent, a folder with all apps below, the organisation, or
    `each:app`, `each:person` and `each:caller` for one of the same size for each. A caller is an app, or whoever shows
    a token. `limits` are tokens, calls, and money in millionths of `currency`; the owner hears of it once when the
    share `warn_at` is used.
    """

    name: str
    of: str
    models: frozenset[str] = frozenset()
    per: Period = "day"
    limits: Mapping[Unit, int]
    warn_at: float = Field(default=0.8, gt=0, le=1)
    currency: str = ""


class AzureUpstream(Message):
    """Azure OpenAI: a model is a deployment, which is in the path. The key goes in `api-key`, or it is the secret of a
    client of Entra, with which the gateway gets tokens.
    """

    kind: Literal["azure"] = "azure"
    api_version: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    sign_in: ClientCredentials | None = None


class VertexUpstream(Message):
    """Anthropic's models at Google Vertex AI: project, location and model are in the path, and the key is that of a
    service account, with which the gateway gets tokens.
    """

    kind: Literal["vertex"] = "vertex"
    project: str = Field(pattern=r"^[a-z0-9.:-]{1,100}$")
    location: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    sign_in: JwtBearer


class BedrockUpstream(Message):
    """Anthropic's models at Amazon Bedrock: the model is in the path, and the key is the secret access key that signs
    each call.
    """

    kind: Literal["bedrock"] = "bedrock"
    sign_in: AwsSignature


Upstream = Annotated[AzureUpstream | VertexUpstream | BedrockUpstream, Field(discriminator="kind")]


class AnswerRules(Message):
    """Which answers of a model a plane gives again, to whom, for how long and how many of them.

    `of` is whose calls have them together: each person's in an app, or all of an app. `when` are the calls whose answer
    is the same each time: at temperature 0, with a seed besides, and embeddings.
    """

    seconds: int = Field(default=300, ge=1, le=86_400)
    most: int = Field(default=1000, ge=1, le=100_000)
    most_bytes: int = Field(default=16 * 2**20, ge=1024, le=2**30)
    of: Literal["person", "app"] = "person"
    when: frozenset[Literal["temperature-zero", "seeded", "embeddings"]] = Field(
        default=frozenset({"temperature-zero"}), min_length=1
    )


class ModelState(Message):
    """A model as it may be called through this plane; the credential is fetched apart, by the model's name.

    `url` is what the wire's paths are put behind, /v1 included; `model` the name that the upstream knows. `open_to` are
    the principals, groups, apps, folders or the organisation that it was given to. Budgets are for a day (UTC): of all
    callers together, and of each. `redact` is what is taken out of prompts: secrets always. `stopped` says why nobody
    may call it just now. `fallback` are models that may answer in its place. Apps may call it in its `environments`
    only, from planes of its `regions` (any, where none is named), and with data of its `data_classes`: where these are
    None, with any in the editor's environment and with none in production. Without `images` none go there, nor files.
    `upstream` is set where the server has paths of its own, and another way to sign in than a key in a header.
    `logs` is how much of calls a plane keeps, for `log_days`. With `answers` some of them are given again.
    """

    name: str
    family: Literal["openai", "anthropic"]
    url: str
    model: str
    has_key: bool
    timeout_seconds: float
    tokens_per_day: int
    caller_tokens_per_day: int
    caller_calls_per_day: int
    most_output_tokens: int
    open_to: frozenset[str]
    roles: Mapping[str, frozenset[str]]
    redact: Literal["secrets", "all"] = "secrets"
    stopped: str = ""
    price: ModelPrice | None = None
    limits: IntegrationLimits = MODEL_LIMITS
    fallback: tuple[str, ...] = ()
    environments: frozenset[Environment] = frozenset({"editor"})
    regions: frozenset[str] = frozenset()
    data_classes: frozenset[str] | None = None
    images: bool = False
    upstream: Upstream | None = None
    logs: LogLevel = "metadata"
    log_days: Annotated[int, Field(ge=1, le=365)] = 7
    answers: AnswerRules | None = None

    @property
    def surface(self) -> Surface:
        """By whose paths it is called: nothing is translated on the way."""
        match self.upstream:
            case VertexUpstream() | BedrockUpstream() as cloud:
                return cloud.kind
            case _:
                return self.family

    @property
    def budgets(self) -> tuple[ModelBudget, ...]:
        """Its own budgets: of everybody together, and of each caller."""
        only = frozenset({self.name})
        each = {"tokens": self.caller_tokens_per_day, "calls": self.caller_calls_per_day}
        return (
            ModelBudget(name=f"{self.name}:all", of="organization:default", models=only,
                        limits={"tokens": self.tokens_per_day}),
            ModelBudget(name=f"{self.name}:each", of="each:caller", models=only, limits=each),
        )  # fmt: skip


class BudgetUse(Message):
    """What was used of a budget, by whom or by what it is of, in the day or month that `period` names."""

    budget: str = Field(max_length=100)
    of: str = Field(max_length=300)
    period: str = Field(max_length=10)
    used: Mapping[Unit, int] = Field(max_length=3)


class ModelUseReport(Message):
    """What was used of budgets of models; those of which nothing changed since the last one are left out.

    `shared` says whether planes count together.
    """

    kind: Literal["model-use"] = "model-use"
    uses: tuple[BudgetUse, ...] = Field(max_length=500)
    shared: bool
    time: datetime


def _up(amount: float) -> int:
    """Return a whole number that is no less, but for what is no more than rounding of a computer's own."""
    return int(amount - 1e-6) + 1 if amount > 0 else 0
