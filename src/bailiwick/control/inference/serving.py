"""What data planes are told of models, and the credentials that they may fetch for them."""

from collections.abc import Iterable, Mapping

from pydantic import SecretStr
from sqlalchemy.orm import Session

from bailiwick.control.identity import Authorizer
from bailiwick.control.inference.errors import UnknownModelError
from bailiwick.control.inference.model import Route, Wire
from bailiwick.control.vault import SecretReader
from bailiwick.core.errors import NotFoundError
from bailiwick.core.messages import ModelBudget, ModelState


class ModelServing:
    """Answers for planes about the routes of the settings; `budgets` are those that are not of one model alone."""

    def __init__(
        self,
        routes: Mapping[str, Route],
        authorizer: Authorizer,
        secrets: SecretReader,
        budgets: tuple[ModelBudget, ...] = (),
    ) -> None:
        self._routes = routes
        self.budgets = budgets
        self._authorizer = authorizer
        self._secrets = secrets

    def require_known(self, names: Iterable[str]) -> None:
        """Return when there are models of these names; raise `UnknownModelError` for the first that is not there."""
        for name in names:
            if name not in self._routes:
                words = f"there are: {', '.join(sorted(self._routes))}" if self._routes else "none is configured"
                raise UnknownModelError(f"there is no model '{name[:60]}'", hint=words)

    @property
    def names(self) -> frozenset[str]:
        """The names of the models that there are."""
        return frozenset(self._routes)

    def states(self, session: Session) -> tuple[ModelState, ...]:
        """Return every model as planes pass calls on to it."""
        names = [f"model:{name}" for name in self._routes]
        standing = self._authorizer.holders_of(session, names) if names else {}
        return tuple(
            ModelState(
                name=route.name,
                family="anthropic" if route.wire is Wire.ANTHROPIC else "openai",
                url=route.url,
                model=route.model,
                has_key=route.key is not None,
                timeout_seconds=route.timeout_seconds,
                tokens_per_day=route.tokens_per_day,
                caller_tokens_per_day=route.caller_tokens_per_day,
                caller_calls_per_day=route.caller_calls_per_day,
                most_output_tokens=route.most_output_tokens,
                open_to=route.open_to,
                redact=route.redact,
                logs=route.logs,
                log_days=route.log_days,
                price=route.price,
                limits=route.limits,
                fallback=route.fallback,
                environments=route.environments,
                regions=route.regions,
                data_classes=route.data_classes,
                images=route.images,
                upstream=route.upstream,
                answers=route.answers,
                roles=standing[f"model:{route.name}"].roles,
            )
            for route in self._routes.values()
        )

    def has_key(self, name: str) -> bool:
        """Return whether there is a model of this name whose server asks for a credential."""
        return name in self._routes and self._routes[name].key is not None

    def vault_secret(self, name: str) -> str:
        """Return the name of the vault's secret that this credential is, empty where it is somewhere else."""
        place = self._routes[name].key if name in self._routes else None
        return place.vault or "" if place is not None else ""

    def key(self, name: str) -> SecretStr:
        """Return the credential of a model's server; raise `SecretNotFoundError` when its place holds none."""
        place = self._routes[name].key if name in self._routes else None
        if place is None:
            raise NotFoundError("no model of that name has a credential")
        return self._secrets(place)
