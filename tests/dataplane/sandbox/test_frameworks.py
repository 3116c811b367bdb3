"""Popular frameworks and libraries start and work in the real sandbox, and are refused nothing but what is known.

Each runs as a plane runs it: by the launcher of its runtime, with packages of a layer, behind the plane's socket.
"""

import asyncio
import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import textwrap
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest

from bailiwick.core.manifest import parse_manifest
from bailiwick.core.provenance import NODE_LOCK, PYTHON_LOCK, LockFile
from bailiwick.dataplane.agent.programs import Part, prepare_helpers, program_of
from bailiwick.dataplane.sandbox import (
    Layer,
    Limits,
    Mount,
    Runtime,
    Sandbox,
    SandboxSpec,
    ensure_layer,
    ensure_runtime,
    launch,
)
from bailiwick.runtimes import find_node
from tests.fixtures.fetched import ASSETS
from tests.fixtures.npm import installed, tarballs
from tests.fixtures.python_packages import lock_text, wheels

_LIMITS = Limits(memory_bytes=768 * 2**20, cpu=2.0, processes=128, open_files=1024)
_SECONDS = 60
_WEB = 'runtime = "python3"\nentrypoint = "app:app"\n'
_JOB = 'runtime = "python3"\nkind = "job"\n[jobs.work]\nschedule = "0 0 * * *"\nrun = "app:main"\n'
_NODE = 'runtime = "node20"\nentrypoint = "server.js"\n'
# What looking a name up asks the kernel for before it does without (getaddrinfo(3), AI_ADDRCONFIG), and how OpenBLAS
# would have its memory placed; V8 looks whether it can guard its code by keys.
_KNOWN_REFUSALS = {"socket(AF_NETLINK)", "mbind", "pkey_alloc"}
WEB = {
    "fastapi": """
        from fastapi import FastAPI
        app = FastAPI()

        @app.get("/")
        def index(name: str = "FastAPI") -> dict[str, str]:
            return {"served by": name}
    """,
    "flask": """
        from flask import Flask, render_template_string
        app = Flask(__name__)

        @app.get("/")
        def index():
            return render_template_string("served by {{ name }}", name="Flask")
    """,
}
# Each prints `done` once it has done what it is typically used for.
WORK = {
    "numpy": """
        import numpy
        wanted = numpy.linalg.solve(numpy.random.default_rng(1).random((200, 200)), numpy.ones(200))
        assert numpy.isfinite(wanted).all()
    """,
    "pandas": """
        import pandas
        frame = pandas.DataFrame({"region": ["EMEA", "APAC"] * 500, "amount": range(1000)})
        frame.groupby("region").amount.sum().to_csv("/tmp/sums.csv")
        assert pandas.read_csv("/tmp/sums.csv").amount.sum() == 499_500
    """,
    "pillow": """
        from PIL import Image, ImageDraw
        image = Image.new("RGB", (640, 480), "white")
        ImageDraw.Draw(image).text((10, 10), "hello", fill="black")
        image.resize((64, 48)).save("/tmp/small.jpg")
        assert Image.open("/tmp/small.jpg").size == (64, 48)
    """,
    "sqlalchemy": """
        import sqlalchemy as sql
        from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

        class Base(DeclarativeBase): pass
        class Order(Base):
            __tablename__ = "orders"
            id: Mapped[int] = mapped_column(primary_key=True)
            region: Mapped[str]

        engine = sql.create_engine("sqlite:////tmp/orders.db")
        Base.metadata.create_all(engine)
        with Session(engine) as session:
            session.add(Order(region="EMEA"))
            session.commit()
            assert session.scalars(sql.select(Order.region)).all() == ["EMEA"]
    """,
    "psycopg": """
        import psycopg
        try:
            psycopg.connect("postgresql://app@localhost:5432/none")
        except psycopg.OperationalError as fault:
            assert "refused" in str(fault), fault
    """,
    "httpx and requests": """
        import asyncio, http.server, threading
        import httpx, requests

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 8000), http.server.SimpleHTTPRequestHandler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        url = "http://localhost:8000/app.py"
        assert "def main" in requests.get(url).text and "def main" in httpx.get(url).text

        async def several():
            async with httpx.AsyncClient() as client:
                answers = await asyncio.gather(*(client.get(url) for _ in range(8)))
            assert all(answer.status_code == 200 for answer in answers)

        asyncio.run(several())
    """,
}
LARGE = {
    "django": """
        from django.conf import settings
        from django.core.wsgi import get_wsgi_application
        from django.http import HttpResponse
        from django.urls import path

        settings.configure(SECRET_KEY="of-a-test", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__)
        urlpatterns = [path("", lambda request: HttpResponse("served by Django"))]
        app = get_wsgi_application()
    """,
    "dash": """
        from dash import Dash, dcc, html
        board = Dash("served by Dash", title="served by Dash")
        board.layout = html.Div([html.H1("Orders"), dcc.Graph(figure={"data": [{"x": [1, 2], "y": [3, 4]}]})])
        app = board.server
    """,
}
STREAMLIT = """
    import threading, time, urllib.request
    from streamlit.web import bootstrap

    def look():
        for _ in range(300):
            try:
                health = urllib.request.urlopen("http://127.0.0.1:8501/_stcore/health").read()
                page = urllib.request.urlopen("http://127.0.0.1:8501/").read()
                assert health == b"ok" and b"Streamlit" in page
                print("done", flush=True)
                return
            except OSError:
                time.sleep(0.1)

    threading.Thread(target=look, daemon=True).start()
    # It takes what is not in site-packages for its own development.
    options = {"global_developmentMode": False, "server_headless": True, "server_address": "127.0.0.1",
               "browser_gatherUsageStats": False, "server_fileWatcherType": "none"}
    bootstrap.load_config_options(options)
    bootstrap.run("/app/page.py", False, [], options)
"""


class Bench:
    """Where apps are put together and started, all with one runtime."""

    def __init__(self, home: Path, runtime: Runtime) -> None:
        self.home = home
        self.runtime = runtime
        self.helpers = prepare_helpers(home / "helpers")

    async def layer(self, name: str) -> Layer:
        """Return the layer of the locked packages of `tests/assets/<name>`, as a plane makes it."""
        return await ensure_layer(LockFile(PYTHON_LOCK, lock_text(name)), wheels(name), self.home / name, self.runtime)

    async def start(
        self, manifest: str, files: Mapping[str, str | bytes], layer: Layer | None = None
    ) -> tuple[Sandbox, Path]:
        """Start an app, or its job `work` where it has one; return the socket too at which it is to listen."""
        app = parse_manifest(f'[app]\nname = "desk"\npurpose = "Tries a framework"\n{manifest}')
        job = app.jobs.get("work")
        part = Part("run", job.run) if job is not None else Part("serve", app.app.entrypoint or "")
        program = program_of(app, self.runtime, (), part)
        place = Path(tempfile.mkdtemp(dir=self.home))
        place.chmod(0o755)
        for name, content in files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            data = textwrap.dedent(content).encode() if isinstance(content, str) else content
            (place / name).write_bytes(data)
        packages = (Mount(layer.folder, program.packages),) if layer is not None else ()
        ingress = place / "ingress.sock"
        spec = SandboxSpec(
            id="framework",
            owner=f"test/{place.name}",
            command=program.command,
            environment=program.environment,
            mounts=(Mount(place, "/app"), Mount(self.helpers, "/overlay"), *packages),
            ingress=ingress,
            limits=_LIMITS,
            working_directory="/app",
            programs=program.may_start_others,
        )
        return await launch(spec, self.runtime), ingress

    async def page(self, manifest: str, files: Mapping[str, str | bytes], layer: Layer | None = None) -> str:
        """Return what a web app answers."""
        sandbox, door = await self.start(manifest, files, layer)
        async with _watched(sandbox):
            return await asked(door, "GET / HTTP/1.1")

    async def work(self, code: str, layer: Layer, **files: str) -> str:
        """Return what a job printed; `done` comes after what it does."""
        text = f"def main():\n{textwrap.indent(textwrap.dedent(code), '    ')}\n    print('done', flush=True)\n"
        sandbox, _ = await self.start(_JOB, {"app.py": text, **files}, layer)
        async with _watched(sandbox):
            said = ""
            while "done" not in said and (line := await sandbox.output.readline()):
                said += line.decode()
        return said


def _made_at(page: str) -> str:
    found = re.search(r"made at (\d+)", page)
    assert found is not None, page
    return found[1]


async def asked(door: Path, line: str, *headers: str, body: str = "") -> str:
    """Return the whole answer to one request."""
    reader, writer = await asyncio.open_unix_connection(str(door))
    lines = [line, "host: desk", "connection: close", f"content-length: {len(body)}", *headers, "", body]
    writer.write("\r\n".join(lines).encode())
    answer = (await reader.read()).decode()
    writer.close()
    return answer


@contextlib.asynccontextmanager
async def _watched(sandbox: Sandbox) -> AsyncIterator[None]:
    """End a sandbox after some time at most, and look at what it was refused."""
    try:
        async with asyncio.timeout(_SECONDS):
            yield
        assert {call.name for call in sandbox.refused_calls()} <= _KNOWN_REFUSALS
    finally:
        await sandbox.kill()
        await sandbox.wait()
        sandbox.close()


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    home = Path(tempfile.mkdtemp(prefix="bw-frameworks-"))
    home.chmod(0o755)
    yield Bench(home, ensure_runtime(home / "runtimes", node=find_node()))
    shutil.rmtree(home)


@pytest.fixture(scope="module")
def built_by_vite() -> str:
    """The one file that Vite makes of a server and its packages."""
    folder = installed("vite-app", "server.js", "page.js", "vite.config.js")
    subprocess.run(["node", "node_modules/vite/bin/vite.js", "build", "--logLevel", "error"], cwd=folder, check=True)
    return (folder / "dist" / "server.js").read_text()


def built_by_next() -> dict[str, bytes]:
    """What `next build` makes of a server, by path, without the packages, which come from the lock file."""
    folder = installed("next-app")
    shutil.copytree(ASSETS / "next-app", folder, dirs_exist_ok=True)
    told = {**os.environ, "NEXT_TELEMETRY_DISABLED": "1"}
    command = ["node", "node_modules/next/dist/bin/next", "build"]
    subprocess.run(command, cwd=folder, check=True, env=told, stdout=subprocess.DEVNULL)
    made = folder / ".next" / "standalone"
    found = {path.relative_to(made).as_posix(): path for path in made.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if not name.startswith("node_modules/")}


@pytest.mark.req("RT1", "RT7")
@pytest.mark.parametrize("name", WEB)
async def test_a_web_framework_serves(bench: Bench, name: str) -> None:
    page = await bench.page(_WEB, {"app.py": WEB[name]}, await bench.layer("frameworks"))
    assert re.search(f"served by.*{name}", page, re.IGNORECASE), page


@pytest.mark.req("RT1")
@pytest.mark.parametrize("name", WORK)
async def test_a_library_does_its_work(bench: Bench, name: str) -> None:
    said = await bench.work(WORK[name], await bench.layer("frameworks"))
    assert said.endswith("done\n"), said


@pytest.mark.req("RT1", "RT7")
async def test_a_server_that_vite_built_serves(bench: Bench, built_by_vite: str) -> None:
    files = {"server.js": built_by_vite, "package.json": '{"type": "module"}'}
    page = await bench.page(_NODE, files)
    assert "<h1>served by Vite</h1>" in page


@pytest.mark.long
@pytest.mark.req("RT1", "RT7")
async def test_a_server_that_next_built_serves(bench: Bench) -> None:
    lock = LockFile(NODE_LOCK, (ASSETS / "next-app" / NODE_LOCK).read_text())
    layer = await ensure_layer(lock, tarballs("next-app"), bench.home / "next", bench.runtime)
    sandbox, door = await bench.start(_NODE, built_by_next(), layer)
    async with _watched(sandbox):
        page = await asked(door, "GET / HTTP/1.1", "x-bailiwick-user: ann@example.com")
        assert "<h1>served by Next for ann@example.com</h1>" in page
        taken = await asked(door, "POST /api/orders HTTP/1.1", "content-type: application/json", body='{"order": 7}')
        assert '{"taken":7}' in taken
        kept = await asked(door, "GET /kept HTTP/1.1")
        await asyncio.sleep(1.2)
        # The answer that is too old starts the making of a new one.
        pages = [await asked(door, "GET /kept HTTP/1.1") for _ in range(20) if not await asyncio.sleep(0.1)]
        assert [page for page in pages if _made_at(page) != _made_at(kept)], "pages that are made anew are kept"


@pytest.mark.long
@pytest.mark.req("RT1", "RT7")
@pytest.mark.parametrize("name", LARGE)
async def test_a_large_framework_serves(bench: Bench, name: str) -> None:
    page = await bench.page(_WEB, {"app.py": LARGE[name]}, await bench.layer("frameworks-large"))
    assert re.search(f"served by.*{name}", page, re.IGNORECASE), page


@pytest.mark.long
@pytest.mark.req("RT1")
async def test_streamlit_serves_from_its_own_server(bench: Bench) -> None:
    page = {"page.py": 'import streamlit\nstreamlit.title("Orders")\n'}
    said = await bench.work(STREAMLIT, await bench.layer("frameworks-large"), **page)
    assert "done" in said, said
