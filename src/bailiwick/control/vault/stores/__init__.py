"""Stores of the company that secrets may lie in, beside the platform's own: one protocol, a file for each kind."""

from collections.abc import Mapping

from bailiwick.control.vault.stores.aws_secrets import AwsSecretsStore
from bailiwick.control.vault.stores.kv import KvStore
from bailiwick.control.vault.stores.operator_environment import OperatorEnvironmentStore
from bailiwick.control.vault.stores.options import (
    AwsSecretsOptions,
    KvOptions,
    OperatorEnvironmentOptions,
    StoreOptions,
)
from bailiwick.control.vault.stores.provider import Found, SecretStore, Spot
from bailiwick.control.vault.stores.reading import SecretStores

__all__ = ["Found", "SecretStore", "SecretStores", "Spot", "StoreOptions", "open_stores"]


def open_stores(options: Mapping[str, StoreOptions], cache_seconds: float) -> SecretStores:
    """Return the stores that the settings name; none is asked for anything yet."""
    made = {name: _store(name, item) for name, item in options.items()}
    return SecretStores(options, made, cache_seconds)


def _store(name: str, options: StoreOptions) -> SecretStore:
    match options:
        case KvOptions():
            return KvStore(name, options)
        case AwsSecretsOptions():
            return AwsSecretsStore(name, options)
        case OperatorEnvironmentOptions():
            return OperatorEnvironmentStore(name, options)
