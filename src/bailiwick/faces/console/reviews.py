"""The page of a review: whether it passed, and each finding with its reason and its remedy."""

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.faces.console.lookup import visible_review
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.reviewer_words import lens_lines, reviewers_sentence
from bailiwick.faces.console.sessions import Visitor
from bailiwick.faces.console.words import count, state


def add_reviews(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page of a review."""

    @app.get("/reviews/{review_id}", response_class=HTMLResponse)
    def review(request: Request, visitor: Visitor, review_id: str) -> Response:
        with control.store.transaction() as session:
            found = visible_review(control, session, visitor, review_id)
            reading = control.reviewers.reading(session, found.app, found.tree)
        blocking = sum(item.blocking for item in found.findings)
        outcome = "passed" if found.passed else "refused"
        words = f"{count(len(found.findings), 'finding')}, {blocking} of them {'blocks' if blocking == 1 else 'block'}"
        return pages.render(
            request,
            "review",
            visitor,
            review=found,
            reviewers=reviewers_sentence(control.reviewers, reading),
            lenses=lens_lines(reading),
            state=state(outcome),
            glance=f"{outcome.capitalize()}: {words if found.findings else 'nothing was found'}.",
        )
