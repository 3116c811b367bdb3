import pytest

from bailiwick.core.errors import InvalidInputError
from bailiwick.core.stops import StopKind, StopScope

pytestmark = pytest.mark.req("RT5")


@pytest.mark.parametrize(
    ("written", "kind", "subject"),
    [
        ("everything", StopKind.EVERYTHING, ""),
        ("finance/refund-desk", StopKind.APP, "finance/refund-desk"),
        ("app:finance/refund-desk", StopKind.APP, "finance/refund-desk"),
        ("folder:finance/", StopKind.FOLDER, "finance"),
        ("builder:Ada@Example.com", StopKind.BUILDER, "user:ada@example.com"),
        ("builder:service:nightly", StopKind.BUILDER, "service:nightly"),
        (" model:fast ", StopKind.MODEL, "fast"),
    ],
)
def test_what_is_written_is_read(written: str, kind: StopKind, subject: str) -> None:
    scope = StopScope.parse(written)
    assert (scope.kind, scope.subject) == (kind, subject)
    assert StopScope.parse(scope.written) == scope


@pytest.mark.parametrize(
    "written", ["", "desk", "folder:", "everything:now", "room:12", "builder:a b", "app:" + "x" * 400]
)
def test_what_says_nothing_to_stop_is_refused_with_what_to_write(written: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        StopScope.parse(written)
    assert refused.value.hint


def test_a_scope_covers_what_it_names_and_nothing_beside() -> None:
    def covers(written: str, *, app: str = "finance/eu/desk", plane: str = "production") -> bool:
        return StopScope.parse(written).covers_app(app, "default", plane, ("finance/eu/desk",))

    covering = ("everything", "finance/eu/desk", "folder:finance", "folder:finance/eu", "tenant:default")
    assert all(covers(written) for written in (*covering, "plane:production", "builder:ada@example.com"))
    beside = ("finance/eu", "folder:fin", "folder:finance/e", "tenant:other", "plane:editor", "integration:finance")
    assert not any(covers(written) for written in beside)
    assert not covers("builder:ada@example.com", app="hr/pay")
