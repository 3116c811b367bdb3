"""What every service is made with: database, keys, policy, clock, and the relay that tells of changes."""

from collections.abc import Mapping
from dataclasses import dataclass

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import data_classes_of
from bailiwick.control.changes import ChangeRelay
from bailiwick.control.identity import (
    Authorizer,
    SamlKeys,
    StepUpRule,
    step_up_policies,
)
from bailiwick.control.policies import PolicyForce
from bailiwick.control.settings import ControlSettings
from bailiwick.control.signing import SigningKeys
from bailiwick.control.vault import CertificateAuthority, Environment, KeyRing, Vault, open_keys
from bailiwick.core.clock import Clock
from bailiwick.core.policy import Journal, PoliciesInForce
from bailiwick.core.statements import SigningKey
from bailiwick.store import Store

_PURPOSES = ("downlink", "pass", "audit", "settings", "link")


@dataclass(frozen=True)
class Base:
    """What every service is made with."""

    settings: ControlSettings
    clock: Clock
    store: Store
    audit: AuditLog
    ring: KeyRing
    vault: Vault
    keys: Mapping[str, SigningKey]
    signing: SigningKeys
    authority: CertificateAuthority
    saml_keys: SamlKeys | None
    relay: ChangeRelay
    policies: PoliciesInForce
    force: PolicyForce
    journal: Journal
    authorizer: Authorizer

    @property
    def environments(self) -> Mapping[str, Environment]:
        """For which environment each plane of the settings is."""
        return {name: Environment.of_plane(plane.kind) for name, plane in self.settings.planes.items()}


def build_base(settings: ControlSettings, clock: Clock) -> Base:
    """Connect to the database, bring it up to date, and unseal the keys."""
    store = Store.connect(settings.database_url.get_secret_value())
    store.migrate()
    audit = AuditLog(clock, lambda session: vault.known.masker_if_open(session))  # noqa: PLW0108 - it is made later
    settings.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    ring = open_keys(settings.vault_keys, settings.state)
    vault = Vault(store, ring, audit, clock, settings.vault_keys.cache_seconds, settings.secret_stores)
    signing = SigningKeys(vault, clock)
    with store.transaction() as session:
        signing.prepare(session)
        keys = {purpose: vault.signing_key(session, purpose) for purpose in _PURPOSES}
        authority = CertificateAuthority.load(session, vault, clock)
        saml_keys = SamlKeys.load(session, vault, clock) if settings.saml else None
    relay, journal = ChangeRelay(), Journal()
    vault.linked.on_change = relay.refresh
    rules = [StepUpRule(rule.actions, rule.max_age, rule.second_factor) for rule in settings.step_up]
    policies = PoliciesInForce(step_up_policies(rules), environment="control", clock=clock)
    force = PolicyForce(policies, on_swap=relay.tell)
    authorizer = Authorizer(policies, refresh=force.refresh, data_classes=data_classes_of, on_asked=journal.add)
    return Base(
        settings=settings,
        clock=clock,
        store=store,
        audit=audit,
        ring=ring,
        vault=vault,
        keys=keys,
        signing=signing,
        authority=authority,
        saml_keys=saml_keys,
        relay=relay,
        policies=policies,
        force=force,
        journal=journal,
        authorizer=authorizer,
    )
