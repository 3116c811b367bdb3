"""From settings to the identity providers that they name."""

from collections.abc import Callable

from bailiwick.control.identity import (
    AttributeNames,
    IdpDescription,
    MetadataFile,
    OidcClient,
    Provider,
    Providers,
    SamlClient,
    SamlKeys,
    certificate_of,
)
from bailiwick.control.settings import ControlSettings, OidcProvider, SamlProvider
from bailiwick.core.clock import Clock

CALLBACK_PATH = "/sign-in/callback"
SAML_PATH = "/sign-in/saml"


def build_providers(settings: ControlSettings, saml_keys: SamlKeys | None, clock: Clock) -> Providers:
    """Return the providers of an installation; `saml_keys` are ours, None where no provider speaks SAML."""
    several = len(settings.providers) > 1
    made: list[Provider] = []
    for provider in settings.providers:
        if isinstance(provider, OidcProvider):
            made.append(_oidc(settings, provider, clock, several=several))
        else:
            assert saml_keys is not None  # noqa: S101 - there are keys where there is a provider
            made.append(_saml(settings, provider, saml_keys, clock))
    believed = {provider.name: provider.groups for provider in settings.providers if provider.groups is not None}
    # Only one provider may say nothing about its groups (see the settings): then there is nobody to tell apart.
    return Providers(made, believed or None)


def _oidc(settings: ControlSettings, provider: OidcProvider, clock: Clock, *, several: bool) -> OidcClient:
    secret = provider.client_secret
    # Each of several has a redirect URI of its own, so that none can answer in another's place (RFC 9700, 4.4.2).
    path = f"{CALLBACK_PATH}/{provider.name}" if several else CALLBACK_PATH
    return OidcClient(
        name=provider.name,
        domains=provider.domains,
        levels=provider.second_factor_levels,
        attributes=provider.attributes,
        issuer=provider.issuer,
        client_id=provider.client_id,
        client_secret=secret.get_secret_value() if secret else None,
        scopes=provider.scopes,
        redirect_uri=f"{settings.public_url}{path}",
        leave_to=f"{settings.public_url}/sign-in" if provider.single_logout else "",
        clock=clock,
    )


def _saml(settings: ControlSettings, provider: SamlProvider, keys: SamlKeys, clock: Clock) -> SamlClient:
    return SamlClient(
        name=provider.name,
        domains=provider.domains,
        levels=provider.second_factor_levels,
        base_url=f"{settings.public_url}{SAML_PATH}/{provider.name}",
        source=_description(provider, clock),
        keys=keys,
        attributes=AttributeNames(provider.email_attribute, provider.name_attribute, provider.groups_attribute),
        clock=clock,
        unasked=provider.idp_initiated,
    )


def _description(provider: SamlProvider, clock: Clock) -> Callable[[], IdpDescription]:
    if provider.metadata is not None:
        return MetadataFile(provider.metadata, clock)
    assert provider.idp is not None  # noqa: S101 - settings have one of the two
    written = provider.idp
    known = IdpDescription(
        entity_id=written.entity_id,
        sign_in_url=written.sign_in_url,
        certificates=tuple(certificate_of(item) for item in written.certificates),
        logout_url=written.logout_url,
        logout_answer_url=written.logout_answer_url or written.logout_url,
    )
    return lambda: known
