"""AuthZEN: policy's answers for other systems (OpenID Authorization API 1.0)."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION, SUBJECTS
from bailiwick.core.errors import BailiwickError, InvalidInputError
from bailiwick.core.policy import ContextValue, Decision
from bailiwick.core.principals import Identity
from bailiwick.faces.api.pages import Json
from bailiwick.faces.api.problems import add_problem_handlers
from bailiwick.faces.origin import seen_from

PATH = "/access/v1"
_MOST_EVALUATIONS = 1000
_MOST_RESULTS = 200
Name = Annotated[str, Field(min_length=1, max_length=300)]
ContextScalar = bool | int | str | list[str]


class _Body(BaseModel):
    # The specification lets callers send properties that a decision point does not know.
    model_config = ConfigDict(extra="ignore", frozen=True)


class Entity(_Body):
    """A subject or a resource: a type, and a name within it."""

    type: Name
    id: Name


class EntityType(_Body):
    """What is searched for: any of a type."""

    type: Name


class Action(_Body):
    """An action by name."""

    name: Name


class Evaluation(_Body):
    """One question; in a batch, what is left out is the batch's own."""

    subject: Entity | None = None
    action: Action | None = None
    resource: Entity | None = None
    context: dict[str, ContextScalar] | None = None


class Options(_Body):
    """How a batch goes on after an answer."""

    evaluations_semantic: Literal["execute_all", "deny_on_first_deny", "permit_on_first_permit"] = "execute_all"


class Evaluations(Evaluation):
    """Many questions."""

    evaluations: list[Evaluation] = Field(default_factory=list, max_length=_MOST_EVALUATIONS)
    options: Options = Options()


class Page(_Body):
    """Where a search goes on, and how much is wanted."""

    token: str = Field(default="", max_length=500)
    limit: int = Field(default=_MOST_RESULTS, ge=1, le=_MOST_RESULTS)


class SubjectSearch(_Body):
    """Who may do this?"""

    subject: EntityType
    action: Action
    resource: Entity
    page: Page = Page()


class ResourceSearch(_Body):
    """On which may they do this?"""

    subject: Entity
    action: Action
    resource: EntityType
    page: Page = Page()


class ActionSearch(_Body):
    """What may they do here?"""

    subject: Entity
    resource: Entity


def build_authzen(control: ControlPlane, authenticate: Callable[[str], Identity]) -> FastAPI:
    """Return the decision point as an application, to be mounted at `PATH`. Askers need to read the company's roles."""
    point = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    add_problem_handlers(point)

    def asker(
        request: Request,
        response: Response,
        authorization: Annotated[str, Header()] = "",
        x_request_id: Annotated[str, Header()] = "",
    ) -> Identity:
        identity = seen_from(authenticate(authorization), request.scope)
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "role.read", ORGANIZATION)
        if x_request_id.isprintable() and x_request_id.isascii():
            response.headers["x-request-id"] = x_request_id[:200]
        return identity

    allowed = [Depends(asker)]

    @point.post("/evaluation", dependencies=allowed)
    def evaluation(body: Evaluation) -> Json:
        with control.store.transaction() as session:
            return _answer(_decide(control, session, body))

    @point.post("/evaluations", dependencies=allowed)
    def evaluations(body: Evaluations) -> Json:
        with control.store.transaction() as session:
            if not body.evaluations:
                return _answer(_decide(control, session, body))
            return {"evaluations": _batch(control, session, body)}

    @point.post("/search/subject", dependencies=allowed)
    def search_subject(body: SubjectSearch) -> Json:
        if body.subject.type not in SUBJECTS:
            words = f"'{body.subject.type[:40]}' cannot be searched"
            raise InvalidInputError(words, hint=f"there are: {', '.join(SUBJECTS)}")
        with control.store.transaction() as session:
            found, further = control.access.who_can(
                session,
                body.action.name,
                _written(body.resource),
                kinds={body.subject.type},
                cursor=body.page.token,
                limit=body.page.limit,
            )
        return _found([_entity(item.principal) for item in found], further)

    @point.post("/search/resource", dependencies=allowed)
    def search_resource(body: ResourceSearch) -> Json:
        with control.store.transaction() as session:
            found, further = control.access.what_can(
                session,
                control.access.identity(session, _written(body.subject)),
                body.resource.type,
                [body.action.name],
                cursor=body.page.token,
                limit=body.page.limit,
            )
        return _found([_entity(item.resource) for item in found], further)

    @point.post("/search/action", dependencies=allowed)
    def search_action(body: ActionSearch) -> Json:
        with control.store.transaction() as session:
            identity = control.access.identity(session, _written(body.subject))
            found = control.access.actions_of(session, identity, _written(body.resource))
        return _found([{"name": item.action} for item in found], "")

    return point


def metadata(public_url: str) -> Json:
    """Return what `/.well-known/authzen-configuration` says: where the doors are."""
    base = f"{public_url}{PATH}"
    return {
        "policy_decision_point": public_url,
        "access_evaluation_endpoint": f"{base}/evaluation",
        "access_evaluations_endpoint": f"{base}/evaluations",
        "search_subject_endpoint": f"{base}/search/subject",
        "search_resource_endpoint": f"{base}/search/resource",
        "search_action_endpoint": f"{base}/search/action",
    }


def _batch(control: ControlPlane, session: Session, body: Evaluations) -> list[Json]:
    answers: list[Json] = []
    for item in body.evaluations:
        question = Evaluation(
            subject=item.subject or body.subject,
            action=item.action or body.action,
            resource=item.resource or body.resource,
            context=body.context if item.context is None else item.context,
        )
        try:
            answer = _answer(_decide(control, session, question))
        except BailiwickError as fault:
            answer = {"decision": False, "context": {"error": {"status": fault.status, "message": fault.message}}}
        answers.append(answer)
        semantic = body.options.evaluations_semantic
        if (semantic, answer["decision"]) in {("deny_on_first_deny", False), ("permit_on_first_permit", True)}:
            break
    return answers


def _decide(control: ControlPlane, session: Session, question: Evaluation) -> Decision:
    if question.subject is None or question.action is None or question.resource is None:
        missing = [name for name in ("subject", "action", "resource") if getattr(question, name) is None]
        raise InvalidInputError(f"the question has no {', '.join(missing)}")
    try:
        context = _context(question.context)
        # Where the request comes from is a fact of every question to policy, not of the action's own.
        address = context.pop("address", "")
        if not isinstance(address, str):
            raise InvalidInputError("the address in the context is no text")
        identity = control.access.identity(session, _written(question.subject), address=address)
        return control.access.evaluate(session, identity, question.action.name, _written(question.resource), context)
    except InvalidInputError as fault:
        # What policy has no word for is denied like all that it does not allow.
        return Decision(False, fault.message, ("not-in-the-schema",))


def _context(told: Mapping[str, ContextScalar] | None) -> dict[str, ContextValue]:
    return {name: frozenset(value) if isinstance(value, list) else value for name, value in (told or {}).items()}


def _answer(decision: Decision) -> Json:
    context: Json = {"reason": decision.reason, "policies": list(decision.deciders)}
    if decision.needed:
        context["roles_that_would_do"] = list(decision.needed)
    return {"decision": decision.allowed, "context": context}


def _found(results: list[Any], further: str) -> Json:
    return {"page": {"next_token": further, "count": len(results)}, "results": results}


def _written(entity: Entity) -> str:
    return f"{entity.type}:{entity.id}"


def _entity(written: str) -> Json:
    kind, _, name = written.partition(":")
    return {"type": kind, "id": name}
