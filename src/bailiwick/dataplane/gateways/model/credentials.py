"""As whom the gateway comes to models' servers: with a key, or with a token that it gets with one."""

from pydantic import SecretStr

from bailiwick.core.clock import Clock
from bailiwick.core.messages import AwsSignature, AzureUpstream, ModelState
from bailiwick.core.sigv4 import Signer
from bailiwick.dataplane.credentials import Credentials
from bailiwick.dataplane.gateways.services import ServiceCredentials
from bailiwick.dataplane.gateways.services.showing import Shown, aws_signature, bearer
from bailiwick.dataplane.gateways.upstreams import Upstreams


class ModelCredentials:
    """What is shown to models' servers, made of `keys`, which are fetched by the names of models."""

    def __init__(self, keys: Credentials, upstreams: Upstreams, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._tokens = ServiceCredentials(keys, upstreams, clock=clock)
        # The token that each server was shown last, and those that one did not take.
        self._shown: dict[str, str] = {}
        self._refused: dict[str, str] = {}

    @property
    def tokens(self) -> frozenset[str]:
        """The tokens that are held now."""
        return self._tokens.tokens

    async def of(self, model: ModelState) -> Shown | None:
        """Return what to show, None where nobody asks; raise `BailiwickError` when it cannot be had."""
        if not model.has_key:
            return None
        sign_in = model.upstream.sign_in if model.upstream is not None else None
        if isinstance(sign_in, AwsSignature):
            secret = SecretStr(await self._keys.get(model.name))
            return aws_signature(Signer(sign_in.access_key_id, secret, sign_in.region, sign_in.service), self._clock)
        if sign_in is not None:
            refused = self._refused.pop(model.name, "")
            token = await self._tokens.token(sign_in, f"model:{model.name}", "", refused)
            self._shown[model.name] = token
            return bearer(token)
        key = await self._keys.get(model.name)
        if isinstance(model.upstream, AzureUpstream):
            return Shown(b"api-key", key.encode(), (key,))
        if model.family == "anthropic":
            return Shown(b"x-api-key", key.encode(), (key,))
        return bearer(key)

    def refused(self, model: ModelState) -> None:
        """Note that a server did not take what it was shown: it is fetched anew."""
        self._keys.forget(model.name)
        if model.name in self._shown:
            self._refused[model.name] = self._shown.pop(model.name)
