"""Signs what releases are made of, and checks the whole chain before anyone hears of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from bailiwick.core.artifacts import TreeFile, digest, pack
from bailiwick.core.chain import Chain, TrustedKeys, approval_statement, artifact_statement, verify_chain
from bailiwick.core.reach import Reach
from bailiwick.core.statements import Envelope, Keyring, SigningKey, sign_statement


@dataclass(frozen=True, slots=True)
class Packed:
    """An artefact and the signed statement about it."""

    data: bytes
    artifact: Envelope


class ReleaseSigner:
    """Holds the keys for approvals and artefacts; verdicts are signed by the review domain with its own."""

    def __init__(self, *, approval_key: SigningKey, release_key: SigningKey, review_public: str) -> None:
        self._approval_key = approval_key
        self._release_key = release_key
        self._trusted = TrustedKeys(
            review=Keyring.of([review_public]),
            approval=Keyring.of([approval_key.public_text]),
            release=Keyring.of([release_key.public_text]),
        )

    def approval(
        self, *, app: str, tree: str, reach: Reach, approver: str, reason: str, deploy: str, design: str
    ) -> Envelope:
        """Return the signed statement that a person approved this tree with this reach and design (its digest)."""
        statement = approval_statement(
            app=app,
            tree=tree,
            reach=reach.digest(),
            approver=approver,
            reason=reason,
            deploy=deploy,
            design=design,
        )
        return sign_statement(statement, self._approval_key)

    def pack(
        self,
        *,
        app: str,
        release: str,
        mode: str,
        commit: str,
        tree: str,
        reach: Reach,
        verdict: Envelope,
        approvals: tuple[Envelope, ...],
        files: Sequence[TreeFile],
        authors: frozenset[str],
    ) -> Packed:
        """Pack the files and sign the artefact; raise `SignatureError` when the chain would not verify at a plane."""
        data = pack(files)
        statement = artifact_statement(
            app=app,
            release=release,
            commit=commit,
            tree=tree,
            reach=reach.digest(),
            mode=mode,
            sha256=digest(data),
            authors=authors,
        )
        artifact = sign_statement(statement, self._release_key)
        chain = Chain(verdict, approvals, artifact)
        verify_chain(chain, data, self._trusted, app=app, mode=mode, reach=reach.digest())
        return Packed(data, artifact)
