"""Finds what an address names. Whether it is not there or may not be seen, the answer is the same."""

from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.catalog import App
from bailiwick.control.guardrails import everybody_at
from bailiwick.control.identity import SignedIn
from bailiwick.control.release import Deploy
from bailiwick.control.review import StoredReview
from bailiwick.core.errors import NotFoundError


def visible_deploy(control: ControlPlane, session: Session, visitor: SignedIn, deploy_id: str) -> tuple[Deploy, App]:
    """Return a deploy and its app."""
    try:
        deploy = control.deploys.deploy(session, deploy_id)
        return deploy, control.deploys.visible_app(session, visitor.identity, deploy_id)
    except NotFoundError as fault:
        raise NotFoundError(f"there is no deploy '{deploy_id[:60]}', or you may not see it") from fault


def audience_of(control: ControlPlane, session: Session, app: App) -> list[str]:
    """Return the written names of who may use an app in production."""
    holders = control.authorizer.holders(session, app.resource)["app-user"]
    return sorted({*holders, *everybody_at(session, app.path)})


def visible_review(control: ControlPlane, session: Session, visitor: SignedIn, review_id: str) -> StoredReview:
    """Return a review."""
    try:
        review = control.reviews.review(session, review_id)
        control.catalog.readable_app(session, visitor.identity, review.app)
    except NotFoundError as fault:
        raise NotFoundError(f"there is no review '{review_id[:60]}', or you may not see it") from fault
    return review
