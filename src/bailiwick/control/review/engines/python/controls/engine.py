"""The engine of missing controls: the routes of an app, what each asks, and what it should."""

from collections.abc import Iterator

from bailiwick.control.review.engines.python.controls import authorization, forgery, owners, rates
from bailiwick.control.review.engines.python.controls.evidence import before_every_route, evidence
from bailiwick.control.review.engines.python.controls.routes import routes
from bailiwick.control.review.engines.python.patterns.engine import read_app
from bailiwick.control.review.model import Change, Finding, Surroundings


def check(change: Change, _: Surroundings) -> Iterator[Finding]:
    """Yield what the routes of an app leave out; a file that cannot be read is a finding."""
    project, app = read_app(change.files)
    yield from project.faults
    before = before_every_route(app)
    found = [(route, evidence(route, before)) for route in routes(app)]
    yield from authorization.check(found, app, before)
    yield from forgery.check(found, app)
    yield from rates.check(found, app)
    yield from owners.check(found, app)
