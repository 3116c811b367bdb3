"""The parameters of an OAuth request: each once, as RFC 6749 (section 3.1) has it, but for `resource` (RFC 8707)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from bailiwick.control.identity.oauth.errors import OAuthError

_LONGEST_VALUE = 8192
_RESOURCE = "resource"


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a client sent. `resources` may be several; every other name has one value, and an empty one is none."""

    values: Mapping[str, str]
    resources: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Parameters({sorted(self.values)})"

    @classmethod
    def of(cls, items: Iterable[tuple[str, object]]) -> Self:
        """Read names and values in the order they came; raise `OAuthError` for what comes twice or is no text."""
        values: dict[str, str] = {}
        resources: list[str] = []
        for name, value in items:
            if not isinstance(value, str) or len(value) > _LONGEST_VALUE:
                raise OAuthError("invalid_request", "a parameter is no text, or far too long")
            if name == _RESOURCE:
                resources.append(value)
            elif name in values:
                raise OAuthError("invalid_request", "a parameter was sent more than once")
            else:
                values[name] = value
        return cls(values, tuple(dict.fromkeys(resources)))

    def get(self, name: str) -> str:
        """Return a value, or nothing where it was not sent."""
        return self.values.get(name, "")

    def require(self, name: str) -> str:
        """Return a value; raise `OAuthError` where it was not sent."""
        value = self.get(name)
        if not value:
            raise OAuthError("invalid_request", f"the parameter {name} is missing")
        return value
