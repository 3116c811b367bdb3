"""What somebody may see and decide in a campaign: policy's answers, asked once for each scope."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, Text, and_, cast, false, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from bailiwick.control.access_reviews.model import Kind, Plan
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
        self._answers_in: dict[str, bool] = {}

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

    def may_read(self, scope: str, plan: Plan, *, answers: bool = False) -> bool:
        """Return whether the person may read what is about this scope; `answers` says that they answer for it."""
        context = {"named": self.is_named(plan), "answers": answers and not plan.reviewers}
        return self._ask("access-review.read", scope, context).allowed

    def is_named(self, plan: Plan) -> bool:
        """Return whether the campaign names this person, or a group of theirs, as a reviewer."""
        return not self._identity.names.isdisjoint(plan.reviewers)

    def deciding(self, plan: Plan, scope: str, *, privileged: bool, own: bool, answers: bool) -> Decision:
        """Return whether the person may decide about access on a scope.

        `own` says that it is theirs, `answers` that they answer for whoever holds it.
        """
        context: dict[str, ContextValue] = {
            "named": self.is_named(plan),
            "by_owners": not plan.reviewers,
            "privileged": privileged,
            "own": own,
            "answers": answers,
        }
        return self._ask("access-review.decide", scope, context)

    def deciding_item(self, plan: Plan, row: ItemRow) -> Decision:
        """Return whether the person may decide about an item."""
        names = self._identity.names
        own, answers = not names.isdisjoint(row.own), not names.isdisjoint(row.answers)
        return self.deciding(plan, row.scope, privileged=row.privileged, own=own, answers=answers)

    def own(self) -> ColumnElement[bool]:
        """Return the condition that an item is about the person's own access."""
        return ItemRow.own.bool_op("?|")(self._names())

    def answering(self) -> ColumnElement[bool]:
        """Return the condition that the person answers for an item. The kind comes first, as it is in an index."""
        return and_(ItemRow.kind == Kind.SERVICE, ItemRow.answers.bool_op("?|")(self._names()))

    def answers_in(self, row: CampaignRow) -> bool:
        """Return whether the person answers for anything in a campaign that asks the owners."""
        plan = plan_of(row)
        if plan.reviewers or Kind.SERVICE not in plan.kinds:
            return False
        if row.id not in self._answers_in:
            found = select(ItemRow.number).where(ItemRow.campaign == row.id, self.answering()).limit(1)
            self._answers_in[row.id] = self._session.scalar(found) is not None
        return self._answers_in[row.id]

    def _names(self) -> ColumnElement[Sequence[str]]:
        return cast(sorted(self._identity.names), ARRAY(Text))

    def mine(self, rows: Iterable[ItemRow], plan: Plan) -> frozenset[int]:
        """Return the numbers of the items about which the person may decide, also after another sign-in."""
        known = list(rows)
        self.learn({row.scope for row in known})
        return frozenset(row.number for row in known if self.deciding_item(plan, row).within_reach)

    def readable(self, row: CampaignRow) -> ColumnElement[bool]:
        """Return which of a campaign's items may be seen; raise `NotFoundError` when none may."""
        plan = plan_of(row)
        if self.may_read(row.scope, plan):
            return true()
        query = select(ItemRow.scope).where(ItemRow.campaign == row.id).distinct()
        scopes = self.near(plan, self._session.scalars(query))
        self.learn(scopes)
        seen = [scope for scope in scopes if self.may_read(scope, plan)]
        answers = self.answers_in(row) and self.may_read(row.scope, plan, answers=True)
        if not (seen or answers):
            raise unknown(row.id)
        return or_(ItemRow.scope.in_(seen), self.answering() if answers else false())

    def _ask(self, action: str, scope: str, context: Mapping[str, ContextValue]) -> Decision:
        key = (action, scope, *sorted(context.items()))
        if key not in self._answers:
            self.learn([scope])
            held = self._holders[scope]
            self._answers[key] = self._authorizer.decide_held(self._identity, action, scope, held, context)
        return self._answers[key]
