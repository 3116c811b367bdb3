"""The systems that secrets are for, where new values are made, tried and taken away."""

from typing import Annotated

from pydantic import Field

from bailiwick.control.rotations.sources.certificate import CertificateSource, due_at
from bailiwick.control.rotations.sources.hook import HookSource, HookTarget
from bailiwick.control.rotations.sources.oauth_client import OAuthClientSource, ServerTarget
from bailiwick.control.rotations.sources.postgresql import PostgresSource
from bailiwick.control.rotations.sources.work import Credential, Work

AnySource = Annotated[PostgresSource | OAuthClientSource | CertificateSource | HookSource, Field(discriminator="kind")]

__all__ = [
    "AnySource",
    "CertificateSource",
    "Credential",
    "HookSource",
    "HookTarget",
    "OAuthClientSource",
    "PostgresSource",
    "ServerTarget",
    "Work",
    "due_at",
]
