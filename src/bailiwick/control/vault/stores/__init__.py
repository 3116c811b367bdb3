"""Stores of the company that secrets may lie in, beside the platform's own: one protocol, a file for each kind."""

from collections.abc import Mapping

from bailiwick.control.vault.stores.accounts import AccountStore, MadeAccount
from bailiwick.control.vault.stores.aws_secrets import AwsSecretsStore
from bailiwick.control.vault.stores.kv import KvStore
from bailiwick.control.vault.stores.operator_environment import OperatorEnvironmentStore
from bailiwick.control.vault.stores.options import (
    AwsSecretsOptions,
    DatabaseAccountOptions,
    KvOptions,
    OperatorEnvironmentOptions,
    StoreOptions,
)
from bailiwick.control.vault.stores.provider import Found, SecretStore, Spot
from bailiwick.control.vault.stores.reading import SecretStores

__all__ = [
    "AccountStore",
    "Found",
    "MadeAccount",
    "SecretStore",
    "SecretStores",
    "Spot",
    "StoreOptions",
    "open_stores",
]


def open_stores(options: Mapping[str, StoreOptions], cache_seconds: float) -> SecretStores:
    """Return the stores that the settings name; none is asked for anything yet."""
    stores: dict[str, SecretStore] = {}
    accounts: dict[str, AccountStore] = {}
    for name, item in options.items():
        match item:
            case KvOptions():
                stores[name] = KvStore(name, item)
            case AwsSecretsOptions():
                stores[name] = AwsSecretsStore(name, item)
            case OperatorEnvironmentOptions():
                stores[name] = OperatorEnvironmentStore(name, item)
            case DatabaseAccountOptions():
                accounts[name] = AccountStore(name, item)
    return SecretStores(options, stores, cache_seconds, accounts=accounts)
