"""What belongs to a folder: which apps may use an integration, and which secrets a connection of it may name."""

from collections.abc import Collection, Iterator, Mapping

from bailiwick.control.integrations.errors import UnknownIntegrationError
from bailiwick.control.integrations.model import Integration
from bailiwick.control.vault import Environment, folder_of, is_within
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.messages import AnyConnection, DatabaseConnection, HttpConnection, MysqlConnection


def require_in_folder(name: str, folder: str, app_folder: str) -> None:
    """Return when apps of a folder may use an integration; raise `UnknownIntegrationError` when it is another's."""
    if not is_within(app_folder, folder):
        raise UnknownIntegrationError(
            f"the integration '{name}' is for apps of the folder '{folder}' only",
            hint="an IT administrator registers one for others",
        )


def require_folder(known: Integration | None, integration: Integration) -> None:
    """Return when an integration stays where it is; raise `InvalidInputError` when it would move to another folder."""
    if known is not None and known.folder != integration.folder:
        raise InvalidInputError(
            f"'{known.name}' belongs to {_place(known.folder)}, and stays there",
            hint="register another one: apps and secrets of the one folder are not for the other",
        )


def secrets_of(connection: AnyConnection) -> frozenset[str]:
    """Return every secret that a connection names, those that stay with the control plane included."""
    kept = connection.control_secrets if isinstance(connection, HttpConnection) else frozenset()
    return connection.secrets | kept


def secrets_by_plane(integration: Integration) -> Iterator[tuple[str, str]]:
    """Yield each plane with each secret that its connection names."""
    for plane, connection in sorted(integration.connections.items()):
        for name in sorted(secrets_of(connection)):
            yield plane, name


def require_secrets(
    integration: Integration, planes: Mapping[str, Environment], secrets: Mapping[str, Environment]
) -> None:
    """Return when each connection names secrets that there are, that are for its plane's environment, and that belong
    to the integration's folder, one above, or the organisation; raise `InvalidInputError` otherwise.
    """
    for plane, name in secrets_by_plane(integration):
        if not is_within(integration.folder, folder_of(name)):
            raise InvalidInputError(
                f"the secret '{name}' is of the folder '{folder_of(name)}', '{integration.name}' of "
                f"{_place(integration.folder)}",
                hint=f"say folder: {folder_of(name)}, or name a secret of the organisation",
            )
        if name not in secrets:
            raise InvalidInputError(
                f"the vault has no secret '{name}'", hint=f"bailiwick secret put {name} < FILE, then again"
            )
        if not secrets[name].fits(planes[plane]):
            raise InvalidInputError(
                f"the secret '{name}' is of the environment {secrets[name]}, the plane '{plane}' of {planes[plane]}",
                hint=f"bailiwick secret put ANOTHER-NAME --environment {planes[plane]} < FILE, and name that one",
            )


def require_account_taken(integration: Integration, leased: Collection[str]) -> None:
    """Return when no connection names a secret whose account changes with its value, but those that sign in as whoever
    it says; raise `InvalidInputError` otherwise: such a connection could never be used.
    """
    for plane, name in secrets_by_plane(integration):
        if name in leased and not isinstance(integration.connections[plane], DatabaseConnection | MysqlConnection):
            raise InvalidInputError(
                f"the secret '{name}' stands for accounts that a store makes, and a system of the kind"
                f" {integration.kind} is come to as one that stays",
                hint="name a secret that holds a value: accounts of a store are for postgresql and mysql",
            )


def _place(folder: str) -> str:
    return f"the folder '{folder}'" if folder else "the organisation"
