"""What somebody may see and decide in a campaign: policy's answers, asked once for each scope."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, Text, cast, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from bailiwick.control.access_reviews.model import Plan
from bailiwick.control.access_reviews.rows import plan_of, unknown
from bailiwick.control.access_reviews.tables import CampaignRow, ItemRow
from bailiwick.control.identity import Authorizer, RoleAssignment, roles_of, scope_chain
from bailiwick.core.policy import ROLES, ContextValue, Decision, Standing
from bailiwick.core.principals import Identity


class Asking:
    """Asks policy for one person in one transaction, and remembers the answers."""

    def __init__(self, authorizer: Authorizer, session: Session, identity: Identity) -> None:
        self._authorizer = authorizer
        self._session = session
        self._identity = identity
        self._holders: dict[str, Standing] = {}
        self._answers: dict[tuple[object, ...], Decision] = {}
        self._own_roles: list[RoleAssignment] | None = None

    def learn(self, scopes: Collection[str]) -> None:
        """Find out who holds which roles on these scopes, with one question to the database."""
        missing = sorted(set(scopes) - self._holders.keys())
        if missing:
            self._holders.update(self._authorizer.holders_of(self._session, missing))

    def near(self, plan: Plan, scopes: Iterable[str], roles: Collection[str] = ROLES) -> list[str]:
        """Return which of these scopes are worth asking about: on or below a place where the person holds a role.

        There may be thousands of scopes, and policy's answers come from roles; named reviewers are asked about all.
        """
        if self.is_named(plan):
            return list(scopes)
        places = self.places(roles)
        return [scope for scope in scopes if not places.isdisjoint(scope_chain(scope))] if places else []

    def places(self, roles: Collection[str]) -> frozenset[str]:
        """Return where the person holds one of these roles, directly or through a group."""
        if self._own_roles is None:
            self._own_roles = roles_of(self._session, self._identity.names)
        return frozenset(it.scope for it in self._own_roles if it.role in roles)

    def may_read(self, scope: str, plan: Plan) -> bool:
        """Return whether the person may read what is about this scope."""
        return self._ask("access-review.read", scope, {"named": self.is_named(plan)}).allowed

    def is_named(self, plan: Plan) -> bool:
        """Return whether the campaign names this person, or a group of theirs, as a reviewer."""
        return not self._identity.names.isdisjoint(plan.reviewers)

    def deciding(self, plan: Plan, scope: str, *, privileged: bool, own: bool) -> Decision:
        """Return whether the person may decide about access on a scope; `own` says that it is theirs."""
        context: dict[str, ContextValue] = {
            "named": self.is_named(plan),
            "by_owners": not plan.reviewers,
            "privileged": privileged,
            "own": own,
        }
        return self._ask("access-review.decide", scope, context)

    def deciding_item(self, plan: Plan, row: ItemRow) -> Decision:
        """Return whether the person may decide about an item."""
        own = not self._identity.names.isdisjoint(row.own)
        return self.deciding(plan, row.scope, privileged=row.privileged, own=own)

    def own(self) -> ColumnElement[bool]:
        """Return the condition that an item is about the person's own access."""
        names = cast(sorted(self._identity.names), ARRAY(Text))
        return ItemRow.own.bool_op("?|")(names)

    def mine(self, rows: Iterable[ItemRow], plan: Plan) -> frozenset[int]:
        """Return the numbers of the items about which the person may decide, also after another sign-in."""
        known = list(rows)
        self.learn({row.scope for row in known})
        return frozenset(row.number for row in known if self.deciding_item(plan, row).within_reach)

    def readable_scopes(self, row: CampaignRow) -> Sequence[str] | None:
        """Return the scopes of a campaign's items that may be seen, None for all of them.

        Raises `NotFoundError` when nothing of the campaign may be seen.
        """
        plan = plan_of(row)
        if self.may_read(row.scope, plan):
            return None
        query = select(ItemRow.scope).where(ItemRow.campaign == row.id).distinct()
        scopes = self.near(plan, self._session.scalars(query))
        self.learn(scopes)
        seen = [scope for scope in scopes if self.may_read(scope, plan)]
        if not seen:
            raise unknown(row.id)
        return seen

    def _ask(self, action: str, scope: str, context: Mapping[str, ContextValue]) -> Decision:
        key = (action, scope, *sorted(context.items()))
        if key not in self._answers:
            self.learn([scope])
            held = self._holders[scope]
            self._answers[key] = self._authorizer.decide_held(self._identity, action, scope, held, context)
        return self._answers[key]
