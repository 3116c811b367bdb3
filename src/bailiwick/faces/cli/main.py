"""`bailiwick`: the verbs, each from a module of its own that is loaded when it is asked for."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperGroup
from typer.main import get_command

# Where each verb is: a module of this package, or of another by its whole name, and what in it.
VERBS = {
    "app": "apps:app",
    "push": "apps:push",
    "rollback": "apps:rollback",
    "who-can": "apps:who_can",
    "what-can": "apps:what_can",
    "kill": "stops:kill",
    "revive": "stops:revive",
    "stops": "stops:stops",
    "deploy": "approving:deploy",
    "approve": "approving:approve",
    "reject": "approving:reject",
    "emergency-review": "emergencies:emergency_review",
    "integration": "platform:integration",
    "connector": "connectors:app",
    "secret": "secrets:app",
    "audit": "audit:app",
    "exporter": "exporters:app",
    "telemetry": "telemetry:app",
    "advisories": "advisories:app",
    "packages": "packages:app",
    "person": "people:app",
    "database": "databases:app",
    "role": "roles:app",
    "rollout": "rollouts:app",
    "session": "sessions:app",
    "connection": "connections:app",
    "policy": "policy:app",
    "query": "queries:app",
    "access-review": "access_reviews:app",
    "grant": "grants:app",
    "guard": "guard:app",
    "directory": "directory:app",
    "service": "machine_tokens:services",
    "agent": "machine_tokens:agents",
    "model": "models:app",
    "sandbox": "sandbox:app",
    "serve": "serve:app",
    "waiver": "waivers:app",
    "freeze": "freeze:app",
    "approval-rule": "approval_rules:app",
    "change-window": "change_windows:app",
    "guardrail": "guardrails:app",
    "domain": "domains:app",
    "notice": "notices:app",
    "delegate": "delegations:app",
    "capability": "capabilities:app",
    "preview": "previews:app",
    "job": "jobs:app",
    "worker": "workers:app",
    "sql-function": "sql_functions:app",
    "standard": "standards:app",
    "settings": "settings:app",
    "upgrade": "upgrade:app",
    "release": "releases:app",
    "attest": "attest:app",
    "key": "keys:app",
    "keys": "vault_keys:app",
    "login": "login:login",
    "logout": "login:logout",
    "review": "review:review",
    "reviewers": "reviewers:reviewers",
    "history": "history:history",
    "studio": "studio:app",
    "logs": "logs:logs",
    "traces": "traces:app",
    "blame": "history:blame",
    "backup": "backup:backup",
    "restore": "backup:restore",
    "doctor": "doctor:doctor",
    "pentest": "pentest:pentest",
    "alert": "alerts:app",
    "anomaly": "anomalies:app",
    "detect": "detect:detect",
    "redact": "redact:redact",
    "agents-md": "agents_md:agents_md",
    "git-credential": "git_credential:git_credential",
    "demo": "bailiwick.demo.command:app",
}


class _Loaded(Mapping[str, Any]):
    """Commands by their names, each loaded when it is asked for: to load all of them takes a second."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places
        self._commands: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._commands:
            self._commands[name] = _load(name, self._places[name])
        return self._commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class _Verbs(TyperGroup):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = cast("Any", _Loaded(VERBS))


def _load(name: str, place: str) -> Any:
    module, _, attribute = place.partition(":")
    found = getattr(import_module(module if "." in module else f"bailiwick.faces.cli.{module}"), attribute)
    alone = typer.Typer(callback=_nothing)
    if isinstance(found, typer.Typer):
        alone.add_typer(found, name=name)
    else:
        alone.command(name)(found)
    return cast("TyperGroup", get_command(alone)).commands[name]


def _nothing() -> None:
    """Run before any verb."""


root = typer.Typer(
    cls=_Verbs,
    callback=_nothing,
    help="Bailiwick: the boundary around AI-built apps.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line."""
    root()


if __name__ == "__main__":
    main()
