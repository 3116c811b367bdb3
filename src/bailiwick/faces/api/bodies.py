"""What the API takes: the bodies of writes, strict about unknown fields."""

from pydantic import BaseModel, ConfigDict, Field


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PathBody(_Body):
    """What should be made."""

    path: str = Field(max_length=300)


class ReasonBody(_Body):
    """Why."""

    reason: str = Field(default="", max_length=2000)


class DeployBody(_Body):
    """What should go to production."""

    app: str
    commit: str = ""


class SecretBody(_Body):
    """A secret's value."""

    value: str = Field(repr=False)


class EnabledBody(_Body):
    """Whether an integration is on."""

    enabled: bool
    reason: str = Field(default="", max_length=2000)


class RoleBody(_Body):
    """A role to give."""

    role: str
    holder: str
    scope: str


class RoleRemovalBody(RoleBody):
    """A role to take away, and why."""

    reason: str = Field(default="", max_length=2000)


class CodeBody(_Body):
    """A one-time code of the command line's sign-in."""

    code: str = Field(repr=False)
    verifier: str = Field(repr=False)


class DirectoryTokenBody(_Body):
    """Which directory gets a token, for how many days and what for."""

    directory: str = Field(max_length=60)
    days: int = Field(default=180, ge=1, le=366)
    purpose: str = Field(default="", max_length=2000)


class PolicyTextBody(_Body):
    """A text of policies with its test cases, and where it would stand."""

    name: str = Field(default="new", max_length=60)
    scope: str = Field(default="organization:default", max_length=300)
    text: str = Field(max_length=70_000)
    tests: str = Field(default="", max_length=70_000)


class PolicyBody(PolicyTextBody):
    """What is proposed, and why."""

    reason: str = Field(default="", max_length=2000)
