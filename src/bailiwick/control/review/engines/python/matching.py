"""`match`: which cases can be, what they bind, and what is known of the subject inside them."""

import ast

from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.frames import Frame, State, joined_states
from bailiwick.control.review.engines.python.guards import refine
from bailiwick.control.review.engines.python.parts import element
from bailiwick.control.review.engines.python.run import Run
from bailiwick.control.review.engines.python.storing import assign, change
from bailiwick.control.review.engines.python.values import EMPTY, Value, deep, labelled


def go_through_match(run: Run, frame: Frame, node: ast.Match) -> None:
    """Go through the cases that a subject can come to."""
    subject = run.evaluate(frame, node.subject)
    before = frame.fork()
    after: State | None = None
    open_end = True
    for case in node.cases:
        outcome = _matches(run, frame, case.pattern, subject)
        if outcome is False:
            continue
        frame.names = None if before is None else dict(before)
        _bind(run, frame, case.pattern, subject)
        if _is_constant_pattern(case.pattern) and isinstance(node.subject, ast.Name | ast.Attribute | ast.Subscript):
            # Inside, the subject is one of the app's own constants.
            change(run, frame, node.subject, EMPTY)
        if case.guard is not None:
            run.evaluate(frame, case.guard)
            refine(run, frame, case.guard, True)
        run.execute(frame, case.body)
        after = joined_states(after, frame.names)
        if outcome is True and case.guard is None:
            open_end = False
            break
    frame.names = joined_states(after, before) if open_end else after


def _matches(run: Run, frame: Frame, pattern: ast.pattern, subject: Value) -> bool | None:  # noqa: PLR0911 - one a form
    match pattern:
        case ast.MatchValue(value=value):
            wanted = run.evaluate(frame, value)
            if subject.labels or UNKNOWN in (subject.const, wanted.const):
                return None
            return bool(subject.const == wanted.const)
        case ast.MatchSingleton(value=value):
            if subject.labels or subject.const is UNKNOWN:
                return None
            return subject.const is value
        case ast.MatchOr(patterns=patterns):
            outcomes = [_matches(run, frame, inner, subject) for inner in patterns]
            if True in outcomes:
                return True
            return None if None in outcomes else False
        case ast.MatchAs(pattern=None):
            return True
        case ast.MatchAs(pattern=ast.pattern() as inner):
            return _matches(run, frame, inner, subject)
    return None


def _is_constant_pattern(pattern: ast.pattern) -> bool:
    match pattern:
        case ast.MatchValue() | ast.MatchSingleton():
            return True
        case ast.MatchOr(patterns=patterns):
            return all(_is_constant_pattern(inner) for inner in patterns)
        case ast.MatchAs(pattern=ast.pattern() as inner):
            return _is_constant_pattern(inner)
    return False


def _bind(run: Run, frame: Frame, pattern: ast.pattern, subject: Value) -> None:
    match pattern:
        case ast.MatchAs(pattern=inner, name=name):
            if inner is not None:
                _bind(run, frame, inner, subject)
            if name is not None:
                constant = inner is not None and _is_constant_pattern(inner)
                assign(run, frame, ast.Name(name), EMPTY if constant else subject)
        case ast.MatchStar(name=str() as name):
            assign(run, frame, ast.Name(name), labelled(deep(subject)))
        case ast.MatchOr(patterns=patterns) | ast.MatchSequence(patterns=patterns):
            part = element(subject) if isinstance(pattern, ast.MatchSequence) else subject
            for index, inner in enumerate(patterns):
                known = subject.items.get(index) if isinstance(pattern, ast.MatchSequence) and subject.items else None
                _bind(run, frame, inner, known or part)
        case ast.MatchMapping(keys=keys, patterns=patterns, rest=rest):
            for key, inner in zip(keys, patterns, strict=True):
                wanted = run.evaluate(frame, key)
                known = subject.items.get(wanted.const) if subject.items is not None else None
                _bind(run, frame, inner, known or labelled(deep(subject)))
            if rest is not None:
                assign(run, frame, ast.Name(rest), subject)
        case ast.MatchClass(cls=cls, patterns=patterns, kwd_attrs=names, kwd_patterns=named):
            harmless = isinstance(cls, ast.Name) and cls.id in {"int", "float", "bool"}
            for inner in patterns:
                _bind(run, frame, inner, EMPTY if harmless else labelled(deep(subject)))
            for name, inner in zip(names, named, strict=True):
                _bind(run, frame, inner, subject.field(name) or labelled(deep(subject)))
