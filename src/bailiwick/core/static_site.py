"""What a manifest says of files that the router serves by itself: where they lie, and how they are answered."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

# Pages load, and ask for, what lies at their own host, and nothing else (CSP level 3). Bundlers put small pictures and
# fonts into their style sheets as data, which runs nothing.
STRICT_POLICY = (
    "default-src 'self'; img-src 'self' data:; font-src 'self' data:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_NAMES = r"[\w.@+~-]+(/[\w.@+~-]+)*"
Place = Annotated[str, Field(pattern=rf"^{_NAMES}$", max_length=200)]
Prefix = Annotated[str, Field(pattern=rf"^/({_NAMES})?$", max_length=200)]
# What may stand in a header, and separates no two of them.
Policy = Annotated[str, Field(pattern=r"^[ -+\--~]+$", max_length=4000)]


class StaticSection(BaseModel):
    """Files that are served without waking the app: those of `folder`, at addresses that begin with `prefix`.

    `index` answers for a folder. What is not there is answered with `not_found`, or, to somebody who opens a page, with
    `fallback`, from which a single-page app goes on. Files in `immutable` folders have names that change with them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    folder: Place
    prefix: Prefix = "/"
    index: Place = "index.html"
    not_found: Place | None = None
    fallback: Place | None = None
    immutable: tuple[Place, ...] = Field(default=(), max_length=50)
    content_security_policy: Policy = STRICT_POLICY

    @field_validator("folder", "prefix", "index", "not_found", "fallback", "immutable")
    @classmethod
    def _leads_nowhere_else(cls, said: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        for place in (said,) if isinstance(said, str) else said or ():
            if {".", ".."} & set(place.split("/")):
                raise ValueError(f"'{place}' is no plain path: name it without '.' and '..'")
        return said

    @field_validator("index")
    @classmethod
    def _one_name(cls, name: str) -> str:
        if "/" in name:
            raise ValueError(f"'{name}' is the name of a file in each folder, without '/'")
        return name

    @property
    def named(self) -> dict[str, str]:
        """The files that it names beside the index, in their folder, by the key that says so."""
        said = {"static.not_found": self.not_found, "static.fallback": self.fallback}
        return {key: name for key, name in said.items() if name is not None}
