"""A system of the company's own that makes, tries and takes away values when it is asked over HTTPS.

The settings name hooks with their addresses: whoever rotates a secret names a hook and cannot send a value elsewhere.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr

from bailiwick.control.exporters import DeliveryError, HttpSender
from bailiwick.control.rotations.errors import SourceRefusedError, SourceUnavailableError
from bailiwick.control.rotations.sources.source import Source
from bailiwick.control.rotations.sources.work import Credential, Work
from bailiwick.control.vault import checked_value
from bailiwick.core.errors import InvalidInputError

_LONGEST_ACCOUNT = 200
# RFC 9110, section 15.5: these say that another try may do; every other 4xx is a no.
LATER = frozenset({408, 425, 429})


@dataclass(frozen=True)
class HookTarget:
    """Where a hook is, what it is shown (nothing, when that is empty), and whose certificates it is checked by."""

    url: str
    token: SecretStr = field(repr=False)
    ca: Path | None = None


class HookSource(Source):
    """A hook of the settings."""

    kind: Literal["hook"]
    hook: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]

    @property
    def words(self) -> str:
        """Where it is."""
        return f"the hook {self.hook}"

    def next_account(self, _: str) -> str:
        """Return who signs in with the next value: the hook says so when it makes it."""
        return ""

    def make(self, work: Work) -> Credential:
        """Have a new value made, which may be the one that is proposed, and tried."""
        said = self._ask(work, "make", {"value": work.new.value})
        value, account = said.get("value", work.new.value), said.get("account", "")
        if not isinstance(value, str) or not isinstance(account, str) or len(account) > _LONGEST_ACCOUNT:
            raise SourceRefusedError(f"{self.words} answers with no value")
        try:
            checked_value(value)
        except InvalidInputError as fault:
            raise SourceRefusedError(f"{self.words} answers with what can be no secret: {fault.message}") from None
        if value == work.old.value:
            raise SourceRefusedError(f"{self.words} answers with the old value")
        made = Credential(account, value)
        self._ask(work, "test", {"value": value, "account": account})
        return made

    def revoke(self, work: Work) -> str:
        """Have the old value taken away; return what was done, in words."""
        self._ask(work, "revoke", {"value": work.old.value, "account": work.old.account, "at_once": work.at_once})
        return f"{self.words} took the old value away"

    def _ask(self, work: Work, action: str, more: Mapping[str, Any]) -> dict[str, Any]:
        target = work.hooks.get(self.hook)
        if target is None:
            raise SourceRefusedError(f"the settings name no hook '{self.hook}'", hint="secret_rotation.hooks")
        body = {"action": action, "secret": work.secret, "rotation": work.rotation, **more}
        headers = {"content-type": "application/json", "idempotency-key": f"{work.rotation}/{action}"}
        token = target.token.get_secret_value()
        headers |= {"authorization": f"Bearer {token}"} if token else {}
        try:
            sender = HttpSender(target.ca)
            try:
                answer = sender.send("POST", target.url, json.dumps(body).encode(), headers)
            finally:
                sender.close()
        except DeliveryError:
            raise SourceUnavailableError(f"{self.words} does not answer") from None
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - RFC 9110, 15.3
            words = f"{self.words} answers '{action}' with status {answer.status}"
            refused = 300 <= answer.status < 500 and answer.status not in LATER  # noqa: PLR2004 - RFC 9110, 15.4
            raise SourceRefusedError(words) if refused else SourceUnavailableError(words)
        return _read(answer.body, self.words) if action == "make" else {}


def _read(body: bytes, words: str) -> dict[str, Any]:
    try:
        said = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise SourceRefusedError(f"{words} answers with something that is no JSON") from None
    if not isinstance(said, dict):
        raise SourceRefusedError(f"{words} answers with no JSON object")
    return said
