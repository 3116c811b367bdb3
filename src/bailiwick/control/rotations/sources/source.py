"""What sources of rotations have in common, as it is with most of them."""

from pydantic import BaseModel, ConfigDict


class Source(BaseModel):
    """A source of values, as a rule names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def secrets(self) -> frozenset[str]:
        """The names of other secrets that it needs."""
        return frozenset()

    @property
    def keeps_old(self) -> bool:
        """Whether the old value works until it is revoked."""
        return True

    @property
    def forgets(self) -> bool:
        """Whether a value that is not in force for sure may be forgotten: the old one is."""
        return True
