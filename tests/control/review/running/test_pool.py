"""Engines that misbehave, in real workers behind their real walls."""

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bailiwick.control.review import Change, Limits, ReviewPool, Surroundings, rules_digest
from bailiwick.control.review.running import Failure, isolation, jobs_of
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.errors import SandboxUnavailableError
from tests.control.review.running.bad_engines import ENGINES

REPOSITORY = str(Path(__file__).parents[4])
BAD = "tests.control.review.running.bad_engines:ENGINES"
BY_NAME = {engine.name: engine for engine in ENGINES}
TURNS = itertools.count()
LIMITS = Limits(seconds=4.0, memory_bytes=256 * 2**20, scratch_bytes=32 * 2**20)


@pytest.fixture(scope="module")
def pool() -> Iterator[ReviewPool]:
    made = ReviewPool(LIMITS, registry=BAD, more_paths=(REPOSITORY,))
    made.start()
    yield made
    made.close()


def run(pool: ReviewPool, *names: str, app: str = "a/b") -> dict[str, str]:
    """Return what each engine said, or how it failed."""
    said = {}
    # Never the same twice, so that nothing of it is known.
    change = Change("0" * 40, (), (TreeFile("app.py", b"app = %d\n" % next(TURNS)),))
    for outcome in pool.run(jobs_of([BY_NAME[name] for name in names], change), Surroundings(app), lambda _: None):
        result = outcome.result
        said[outcome.engine] = (
            result.words if isinstance(result, Failure) else "; ".join(item.message for item in result)
        )
    return said


@pytest.mark.req("RV1", "RV2")
@pytest.mark.parametrize(
    ("engine", "words"),
    [
        ("hangs", "did not finish within 4 s"),
        ("spins", "did not finish within 4 s"),
        ("swallows-memory", "ran out of memory"),
        ("crashes", "was ended by signal 11"),
        ("recurses", "was ended by signal 11"),
        ("raises", "failed: ValueError"),
        ("leaves", "ended without an answer"),
        ("fills-the-disk", "failed: OSError"),
        ("says-garbage", "gave an answer that cannot be read"),
        ("says-another-shape", "gave an answer that cannot be read"),
        ("says-too-much", "gave an answer that cannot be read"),
        ("says-too-many", "gave an answer that cannot be read"),
        ("says-nested", "gave an answer that cannot be read"),
    ],
)
def test_an_engine_that_misbehaves_is_a_failure_and_the_next_one_works(
    pool: ReviewPool, engine: str, words: str
) -> None:
    said = run(pool, engine, "good")
    assert said[engine].startswith(words)
    assert "something of the app" not in said[engine]
    assert said["good"] == "a/b ['app.py']"
    assert run(pool, "good", app="c/d") == {"good": "c/d ['app.py']"}


@pytest.mark.req("RV1")
@pytest.mark.parametrize("engine", ["forks-without-end", "kills-everything"])
def test_an_engine_that_attacks_its_worker_harms_nobody_else(pool: ReviewPool, engine: str) -> None:
    said = run(pool, engine, "good")
    assert said[engine].startswith(
        ("failed: ", "did not finish", "was ended by signal", "ended", "gave an answer that")
    )
    assert said["good"] == "a/b ['app.py']"
    assert run(pool, "looks-around") == {"looks-around": "[] []"}


@pytest.mark.req("RV1", "RV2")
@pytest.mark.parametrize(
    ("engine", "words"),
    [
        ("raises", "failed: ValueError"),
        ("crashes", "was ended by signal 11"),
        ("hangs", "did not finish within 4 s"),
        ("swallows_memory", "ran out of memory"),
        ("leaves", "ended without an answer"),
        ("kills_everything", ""),
    ],
)
def test_an_engine_that_misbehaves_fails_alone_whoever_shares_its_process(
    pool: ReviewPool, engine: str, words: str
) -> None:
    said = run(pool, f"{engine}-in-company", "good-in-company")
    assert said["good-in-company"] == "a/b ['app.py']"
    assert said[f"{engine}-in-company"].startswith(words)
    assert said[f"{engine}-in-company"] != "a/b ['app.py']"


@pytest.mark.req("RV1")
def test_nothing_of_one_task_is_there_for_the_next(pool: ReviewPool) -> None:
    for _ in range(3):
        assert run(pool, "leaves-a-process") == {"leaves-a-process": "left"}
        assert run(pool, "looks-around") == {"looks-around": "[] []"}


@pytest.mark.req("RV1")
@pytest.mark.parametrize("engine", ["writes-outside", "reads-secrets", "opens-sockets", "gains-powers"])
def test_a_worker_reaches_nothing(pool: ReviewPool, engine: str) -> None:
    assert run(pool, engine) == {engine: ""}


@pytest.mark.req("RV1")
def test_a_worker_that_died_while_nobody_asked_is_replaced(pool: ReviewPool) -> None:
    run(pool, "good")
    for worker in list(pool._idle):
        worker._process.kill()
        worker._process.wait()
    assert run(pool, "good") == {"good": "a/b ['app.py']"}


@pytest.mark.req("RV1")
def test_a_pool_that_is_closed_ends_what_runs() -> None:
    closing = ReviewPool(replace(LIMITS, seconds=60.0), registry=BAD, more_paths=(REPOSITORY,))
    run(closing, "good")
    said: dict[str, str] = {}
    running = threading.Thread(target=lambda: said.update(run(closing, "hangs")))
    running.start()
    while not closing._busy:
        time.sleep(0.01)
    closing.close()
    running.join(30)
    assert not running.is_alive()
    assert said == {"hangs": "ended its worker"}


@pytest.mark.req("RV1")
def test_workers_import_nothing_from_where_somebody_works(tmp_path: Path) -> None:
    (tmp_path / "re2.py").write_text("raise SystemExit('the reviewed code ran')\n")
    code = "import sys; from bailiwick.control.review.running.sandbox import import_paths; "
    code += f"sys.path.insert(0, {str(tmp_path)!r}); print(*import_paths(), sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert str(tmp_path) not in done.stdout
    assert any(line.endswith("site-packages") for line in done.stdout.splitlines())


@pytest.mark.req("RV1")
def test_without_a_sandbox_nothing_is_reviewed_unless_that_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    isolation.cache_clear()
    try:
        refusing = ReviewPool(LIMITS, registry=BAD, more_paths=(REPOSITORY,))
        with pytest.raises(SandboxUnavailableError, match="bubblewrap is not installed") as refused:
            run(refusing, "good")
        assert "apt-get install bubblewrap" in refused.value.hint
        refusing.close()
        allowing = ReviewPool(LIMITS, registry=BAD, more_paths=(REPOSITORY,), allow_unsandboxed=True)
        assert run(allowing, "good", "hangs", "crashes", "swallows-memory") == {
            "good": "a/b ['app.py']",
            "hangs": "did not finish within 4 s",
            "crashes": "was ended by signal 11",
            "swallows-memory": "ran out of memory",
        }
        allowing.close()
    finally:
        isolation.cache_clear()


AS_A_USER = """
import json, sys
from tests.control.review.running.test_pool import BAD, LIMITS, REPOSITORY, run
from bailiwick.control.review import ReviewPool
pool = ReviewPool(LIMITS, registry=BAD, more_paths=(REPOSITORY,))
said = [run(pool, name) for name in sys.argv[1:]]
pool.close()
print(json.dumps(said))
"""


@pytest.mark.req("RV1")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_gets_the_same_walls() -> None:
    home = Path(sys.base_prefix)
    # The interpreter may lie where only root looks: here everybody may.
    open_home = ["--perms", "0755", "--tmpfs", f"/{home.parts[1]}", "--perms", "0755", "--dir", str(home.parent),
                 "--ro-bind", str(home), str(home)] if home.parts[1] == "root" else []  # fmt: skip
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    names = ["good", "writes-outside", "reads-secrets", "opens-sockets", "gains-powers", "kills-everything", "hangs",
             "leaves-a-process", "looks-around"]  # fmt: skip
    done = subprocess.run(
        ["bwrap", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--dev-bind", "/", "/", *open_home, "--",
         *become, sys.executable, "-c", AS_A_USER, *names],
        cwd=REPOSITORY, env={"PYTHONPATH": REPOSITORY, "PATH": os.environ["PATH"]}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    said = {name: words for answer in json.loads(done.stdout) for name, words in answer.items()}
    assert said["good"] == "a/b ['app.py']"
    assert {said[name] for name in ("writes-outside", "reads-secrets", "opens-sockets", "gains-powers")} == {""}
    assert said["hangs"] == "did not finish within 4 s"
    assert said["looks-around"] == "[] []"


@pytest.mark.req("RV2")
def test_the_digest_of_the_rules_is_the_same_in_every_process() -> None:
    code = "from bailiwick.control.review import rules_digest; print(rules_digest())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == rules_digest()
    assert len(rules_digest()) == 64


@pytest.mark.req("RV1")
def test_a_pool_that_is_started_again_needs_no_more_workers(pool: ReviewPool) -> None:
    pool.start()
    before = _children()
    pool.start()
    assert _children() == before


def _children() -> set[str]:
    """Return the processes that this one started and that live."""
    listed = Path("/proc/self/task").glob("*/children")
    return {child for path in listed for child in path.read_text().split()}
