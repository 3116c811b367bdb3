"""What did not change is not read again, and nothing is known that should not be: through real workers."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from bailiwick.control.review import Change, Entry, Finding, PackagePolicy, PushedBlob, ReviewPool, Surroundings, rule
from bailiwick.control.review.running import Failure, jobs_of, pool
from bailiwick.control.review.running.cache import FindingsCache
from bailiwick.control.review.running.data import DataFileError
from bailiwick.core.artifacts import TreeFile
from tests.control.review.running.bad_engines import ENGINES

BAD = {"registry": "tests.control.review.running.bad_engines:ENGINES", "more_paths": (str(Path(__file__).parents[4]),)}
BY_NAME = {engine.name: engine for engine in ENGINES}
FILES = {"a.py": b"1", "b.py": b"2", "c.py": b"3"}
HERE = Surroundings("finance/desk", date(2026, 7, 1))


@pytest.fixture
def workers() -> Iterator[ReviewPool]:
    made = ReviewPool(workers=1, **BAD)
    yield made
    made.close()


def change(files: dict[str, bytes], history: tuple[PushedBlob, ...] = (), entries: tuple[Entry, ...] = ()) -> Change:
    return Change("0" * 40, entries, tuple(TreeFile(path, content) for path, content in files.items()), history)


def read(workers: ReviewPool, engine: str, what: Change, where: Surroundings = HERE) -> tuple[set[str], bool]:
    """Return of which files the engine spoke, and whether it had to run for that."""
    ran: list[str] = []
    (outcome,) = workers.run(jobs_of([BY_NAME[engine]], what), where, ran.append)
    assert not isinstance(outcome.result, Failure)
    return {item.path for item in outcome.result}, bool(ran)


@pytest.mark.req("RV2")
def test_of_an_app_only_the_file_that_changed_is_read_and_all_is_found(workers: ReviewPool) -> None:
    assert read(workers, "names-each", change(FILES)) == ({"a.py", "b.py", "c.py"}, True)
    assert read(workers, "names-each", change(FILES)) == ({"a.py", "b.py", "c.py"}, False)
    given: list[Change] = []
    real = workers._asked
    workers._asked = lambda jobs, *more: (given.append(jobs[0].change), real(jobs, *more))[1]  # type: ignore[method-assign]
    assert read(workers, "names-each", change({**FILES, "b.py": b"4"})) == ({"a.py", "b.py", "c.py"}, True)
    assert [file.path for file in given[0].files] == ["b.py"]
    assert read(workers, "names-each", change({"c.py": b"3"})) == ({"c.py"}, False)
    assert read(workers, "names-each", change({"d.py": b"3"})) == ({"d.py"}, True)


@pytest.mark.req("RV2")
@pytest.mark.parametrize("other", [Surroundings("finance/other", HERE.day), Surroundings(HERE.app, date(2026, 7, 2))])
@pytest.mark.parametrize("engine", ["names-each", "whole"])
def test_what_is_known_of_one_app_or_day_is_not_of_another(
    workers: ReviewPool, engine: str, other: Surroundings
) -> None:
    assert read(workers, engine, change(FILES))[1]
    assert not read(workers, engine, change(FILES))[1]
    assert read(workers, engine, change(FILES), other)[1]


@pytest.mark.req("RV2")
@pytest.mark.parametrize("engine", ["names-each", "whole"])
def test_what_is_known_ends_with_a_change_of_the_rules(
    workers: ReviewPool, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read(workers, engine, change(FILES))[1]
    monkeypatch.setattr(pool, "rules_digest", lambda: "0" * 64)
    assert read(workers, engine, change(FILES))[1]


@pytest.mark.req("RV2")
def test_an_engine_of_whole_apps_runs_again_when_anything_changed_that_it_reads(workers: ReviewPool) -> None:
    assert read(workers, "whole", change(FILES))[1]
    assert not read(workers, "whole", change(FILES))[1]
    assert read(workers, "whole", change({**FILES, "c.py": b"4"}))[1]
    assert read(workers, "whole", change({path: FILES[path] for path in ("a.py", "b.py")}))[1]
    assert read(workers, "whole", change(FILES, entries=(Entry(b"link", "120000", "blob", 3),)))[1]


@pytest.mark.req("RV2", "RV3")
def test_a_file_that_the_pushed_commits_hold_is_read_together_with_them(workers: ReviewPool) -> None:
    assert read(workers, "names-each-with-history", change(FILES))[1]
    history = (PushedBlob("c" * 40, "a.py", b"0"),)
    assert read(workers, "names-each-with-history", change(FILES, history)) == ({"a.py", "b.py", "c.py"}, True)


@pytest.mark.req("RV1", "RV2")
def test_a_failure_is_not_remembered_and_words_about_other_files_are_one(workers: ReviewPool) -> None:
    for _ in range(2):
        ran: list[str] = []
        (outcome,) = workers.run(jobs_of([BY_NAME["speaks-of-others"]], change(FILES)), HERE, ran.append)
        assert isinstance(outcome.result, Failure)
        assert outcome.result.words == "spoke of a file that it was not given"
        assert ran


@pytest.mark.req("RV1", "RV2")
def test_the_file_that_an_engine_broke_on_is_named(workers: ReviewPool) -> None:
    files = {f"{number}.py": b"fine" for number in range(9)} | {"odd.py": b"crash"}
    (outcome,) = workers.run(jobs_of([BY_NAME["crashes-on-one"]], change(files)), HERE, lambda _: None)
    assert outcome.result == Failure("was ended by signal 11", "odd.py")


@pytest.mark.req("RV2")
def test_what_is_kept_has_an_end() -> None:
    kept = FindingsCache(most_results=3, most_findings=4)
    one = Finding(rule("unsafe-code"), "a.py", 1, "x")
    for number in range(5):
        kept.put(bytes([number]), (one,))
    assert [kept.get(bytes([number])) is not None for number in range(5)] == [False, False, True, True, True]
    kept.put(b"many", (one, one, one))
    assert kept.get(bytes([4])) == (one,)
    assert kept.get(bytes([2])) is None
    kept.put(b"too many", (one,) * 5)
    assert kept.get(b"too many") is None


@pytest.mark.req("RV2", "RV5")
def test_a_file_that_engines_go_by_is_read_as_it_is_now(workers: ReviewPool, tmp_path: Path) -> None:
    listed = tmp_path / "private" / "index.txt"
    listed.parent.mkdir(mode=0o700)
    where = Surroundings("finance/desk", HERE.day, PackagePolicy(index=str(listed)))

    def said() -> str:
        (outcome,) = workers.run(jobs_of([BY_NAME["reads-data"]], change(FILES)), where, lambda _: None)
        assert not isinstance(outcome.result, Failure), outcome.result
        return outcome.result[0].message

    listed.write_text("first")
    assert said() == "first"
    (tmp_path / "next").write_text("second")
    (tmp_path / "next").rename(listed)
    assert said() == "second"
    listed.write_text("and the third")
    assert said() == "and the third"
    listed.unlink()
    with pytest.raises(DataFileError, match="which cannot be read"):
        said()
