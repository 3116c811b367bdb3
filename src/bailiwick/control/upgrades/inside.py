"""What an upgrade asks of a version, in that version's own environment: `python -m bailiwick.control.upgrades.inside`.

Versions talk to each other through this alone, so the verbs stay: `version`, `settings`, `migrate`, `check`, `note`,
`restored`.
"""

import json
import sys
from pathlib import Path

from bailiwick.control.audit import AuditLog, export_lines, sign_checkpoint, verify_export
from bailiwick.control.backup import after_restore
from bailiwick.control.declared import effective
from bailiwick.control.settings import ControlSettings
from bailiwick.control.vault import Vault, open_vault
from bailiwick.core.clock import utc_now
from bailiwick.store import Store
from bailiwick.version import product_version


def main() -> None:
    """Do `VERB SETTINGS [WORDS…]`; end with code 1 and words on stderr when it cannot be."""
    verb, config, *words = sys.argv[1:]
    settings = ControlSettings.load(Path(config))
    if verb == "version":
        sys.stdout.write(product_version())
        return
    if verb == "settings":
        sys.stdout.write(json.dumps(effective(settings)))
        return
    store = Store.connect(settings.database_url.get_secret_value())
    try:
        _with_store(verb, words, settings, store)
    finally:
        store.dispose()


def _with_store(verb: str, words: list[str], settings: ControlSettings, store: Store) -> None:
    audit = AuditLog(utc_now)
    vault = open_vault(settings.vault_keys, settings.state, store, audit, utc_now)
    if verb == "migrate":
        store.migrate()
    elif verb == "check":
        _check(store, vault)
    elif verb == "note":
        action, by, context = words
        with store.transaction() as session:
            audit.note(session, by, action, "installation", context=json.loads(context))
    elif verb == "restored":
        by, made = words
        outcome = after_restore(store, vault, settings.state, by=by, made=made, clock=utc_now)
        if outcome.problems:
            sys.exit("; ".join(outcome.problems))
    else:
        sys.exit(f"there is no verb {verb!r}")


def _check(store: Store, vault: Vault) -> None:
    """End with words when the audit log does not verify, or the vault does not open."""
    with store.transaction() as session:
        key = vault.signing_key(session, "audit")
        sign_checkpoint(session, key, utc_now)  # what came after the last one would count as not covered
        verified = verify_export(export_lines(session, key.public_text), key.public_text)
    if not verified.intact:
        sys.exit(f"the audit log is not intact: {verified.problem}")


if __name__ == "__main__":
    main()
