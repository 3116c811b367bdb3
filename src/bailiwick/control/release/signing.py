"""Signs what releases are made of, and checks the whole chain before anyone hears of it."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy.orm import Session

from bailiwick.core.chain import TrustedKeys, approval_statement, verify_chain
from bailiwick.core.reach import Reach
from bailiwick.core.sealing import Order, Sealed, seal_release
from bailiwick.core.statements import Envelope, SigningKey, sign_statement
from bailiwick.core.trust import Purpose


class Keys(Protocol):
    """What is needed of the signing domain."""

    def now(self, session: Session, purpose: Purpose) -> SigningKey:
        """Return the key that signs for a purpose now."""

    def trusted(self, session: Session) -> TrustedKeys:
        """Return whose signatures count now."""


class ReleaseSigner:
    """Signs approvals and artefacts; verdicts are signed by the review domain. The caller brings the transaction."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def approval(
        self,
        session: Session,
        *,
        app: str,
        tree: str,
        reach: Reach,
        approver: str,
        reason: str,
        deploy: str,
        design: str,
        fixes: Sequence[str] = (),
        seats: Sequence[str] = (),
        policy: Mapping[str, str] | None = None,
        behalf: str = "",
    ) -> Envelope:
        """Return the signed statement that a person approved this tree with this reach and design (its digest), under
        this policy and for these seats of rules, and let it pass these freezes as their fix; `behalf` is who handed
        that right to them.
        """
        statement = approval_statement(
            app=app,
            tree=tree,
            reach=reach.digest(),
            approver=approver,
            reason=reason,
            deploy=deploy,
            design=design,
            fixes=fixes,
            seats=seats,
            policy=policy,
            behalf=behalf,
        )
        return sign_statement(statement, self._keys.now(session, "approval"))

    def seal(self, session: Session, order: Order) -> Sealed:
        """Pack the files and sign the artefact; raise `SignatureError` when the chain would not verify at a plane."""
        sealed = seal_release(order, self._keys.now(session, "release"), self._keys.now(session, "approval"))
        trusted = self._keys.trusted(session)
        verify_chain(sealed.chain, sealed.data, trusted, app=order.app, mode=order.mode, reach=order.reach)
        return sealed

    def why_not_startable(self, session: Session, kept: Mapping[str, Any]) -> str:
        """Return why planes would not start a release with this chain, as rows hold it, by the keys that count now."""
        trusted = self._keys.trusted(session)
        signed = (
            (trusted.review, (kept["verdict"],)),
            (trusted.approval, [*kept["approvals"], *([kept["gate"]] if kept.get("gate") else [])]),
            (trusted.release, (kept["artifact"],)),
        )
        for ring, envelopes in signed:
            for name in (item["keyid"] for envelope in envelopes for item in envelope["signatures"]):
                if name in ring.ended:
                    return f"it was signed by the key {name}, which {ring.ended[name]}"
        return ""
