"""`bailiwick demo`: starts the whole product on loopback with the sample company, and stops all of it again."""

import http.client
import json
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
import yaml

from bailiwick.demo import ready
from bailiwick.demo.layout import APP_DATABASES, APP_DATABASES_LOG, HOST, Layout, lay_out
from bailiwick.demo.lock import locked
from bailiwick.demo.people import PEOPLE, ROLE_RULES
from bailiwick.demo.processes import Child, Children
from bailiwick.files import write_private

app = typer.Typer(help="The sample company on this machine.", invoke_without_command=True)
_STATE = Path(".state")
_PORT = 8400
_WHEELS = Path(".wheels")
_ORPHANS_SECONDS = 20.0  # as long as parts of a demo may take to end without it
State = Annotated[Path, typer.Option("--state", help="where everything is kept")]


@app.callback()
def demo(
    context: typer.Context,
    state: State = _STATE,
    port: Annotated[int, typer.Option(min=1024, max=65000, help="the console's port; others follow from it")] = _PORT,
    ready_file: Annotated[Path | None, typer.Option(help="write URLs and tokens there when everything answers")] = None,
    headless: Annotated[bool, typer.Option(help="say nothing while it runs")] = False,
    wheels: Annotated[Path, typer.Option(help="the packages that the sample app installs from")] = _WHEELS,
) -> None:
    """Start everything and keep running until Ctrl-C. Example: bailiwick demo --port 9000."""
    if context.invoked_subcommand is not None:
        return
    from bailiwick.core.errors import BailiwickError  # noqa: PLC0415

    try:
        _Demo(lay_out(state, port), wheels.resolve(), quiet=headless).run(ready_file)
    except BailiwickError as fault:
        typer.secho(f"error: {fault.message}\n  {fault.hint}", fg="red", err=True)
        raise typer.Exit(1) from None


@app.command()
def token(role: str, state: State = _STATE) -> None:
    """Print a fresh token of a running demo. Example: bailiwick demo token builder."""
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415

    from bailiwick.control.settings import ControlSettings  # noqa: PLC0415
    from bailiwick.control.wiring import build_control  # noqa: PLC0415
    from bailiwick.core.errors import BailiwickError  # noqa: PLC0415
    from bailiwick.demo.company import issue_tokens, remember  # noqa: PLC0415

    config = state.expanduser().resolve() / "control.yaml"
    if not config.exists():
        raise typer.BadParameter(f"no demo was started with the state in {config.parent}: name it with --state")
    settings = ControlSettings.load(config)
    layout = lay_out(state, settings.console.port)
    person = next((item for item in PEOPLE if item.role == role), None)
    if person is None:
        raise typer.BadParameter(f"there are: {', '.join(item.role for item in PEOPLE)}")
    try:
        control = build_control(settings)
    except OperationalError:
        typer.secho(
            f"error: no demo runs with the state in {config.parent}\n  bailiwick demo --state {state}",
            fg="red",
            err=True,
        )
        raise typer.Exit(1) from None
    try:
        sys.stdout.write(issue_tokens(control, {role: remember(control, layout, person)})[role] + "\n")
    except BailiwickError as fault:
        typer.secho(f"error: {fault.message}\n  {fault.hint}", fg="red", err=True)
        raise typer.Exit(1) from None


@app.command()
def sample(version: Annotated[str, typer.Argument(help="first, second or vulnerable")], target: Path) -> None:
    """Write the sample app as a git repository. Example: bailiwick demo sample first /tmp/refund-desk."""
    from bailiwick.demo.sample import write_first, write_second, write_vulnerable  # noqa: PLC0415

    versions = {"first": write_first, "second": write_second, "vulnerable": write_vulnerable}
    if version not in versions:
        raise typer.BadParameter(f"there are: {', '.join(versions)}")
    versions[version](target)
    sys.stdout.write(f"wrote {target}\n")


class _Demo:
    def __init__(self, layout: Layout, wheels: Path, *, quiet: bool) -> None:
        self._layout = layout
        self._wheels = wheels
        self._quiet = quiet
        self._began = time.monotonic()

    def run(self, ready_file: Path | None) -> None:
        """Start, say where everything is, wait for Ctrl-C, stop."""
        # Also where whoever started us ignores the signals of the keyboard, as a shell does in the background.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _interrupt)
        layout = self._layout
        try:
            with locked(layout.state) as last_was_killed, Children(layout.state / "logs") as children:
                if last_was_killed:
                    self._say("the last demo was killed: waiting for its parts to end")
                layout.require_free_ports(_ORPHANS_SECONDS if last_was_killed else 0.0)
                self._start(children, ready_file)
                while True:
                    time.sleep(0.5)
                    children.check()
        except KeyboardInterrupt:
            self._say("stopped")

    def _start(self, children: Children, ready_file: Path | None) -> None:
        """Start every part as soon as what it needs is there, the slowest first; planes wait by themselves."""
        layout = self._layout
        callback = f"{layout.console_url}/sign-in/callback"
        children.start(
            "identity-provider", "bailiwick.demo.identity_provider", str(layout.port + 1), str(layout.state), callback
        )
        self._say("starting the control plane and its PostgreSQL")
        settings = layout.state / "control.yaml"
        handover = layout.state / "handover.json"
        for file in (settings, handover):
            file.unlink(missing_ok=True)
        # It loads its libraries, which takes longest of all, and waits for its settings meanwhile.
        arguments = (str(settings), str(layout.state), str(layout.port), str(handover))
        pids = {"control": children.start("control", "bailiwick.demo.control_plane", *arguments).pid}
        from bailiwick.demo.business import database_password, set_up_databases  # noqa: PLC0415 - takes its time
        from bailiwick.store.embedded import EmbeddedPostgres  # noqa: PLC0415

        own = EmbeddedPostgres(layout.shared / "control-db")
        children.keep(own)
        own.create_database("bailiwick")
        database_password(layout)
        self._write_control_settings(settings, own.url("bailiwick"))
        self._say("starting the data planes")
        for plane in ("editor", "production"):
            pids[f"data-plane-{plane}"] = self._serve(children, "data-plane", self._write_plane_settings(plane)).pid
        pids["front"] = self._serve(children, "front", self._write_front_settings()).pid
        self._say("starting and filling the business database")
        business = EmbeddedPostgres(layout.shared / "business-db", tcp_port=layout.business_port)
        children.keep(business)
        set_up_databases(business, layout)
        self._say("waiting for the control plane")
        children.wait_until(lambda: _ready(layout) is not None, "the control plane")
        self._say("waiting for the data planes")
        children.wait_until(self._planes_are_connected, "the data planes")
        content = ready.describe(
            layout,
            logins={person.role: person.email for person in PEOPLE},
            pids=pids,
            **json.loads(handover.read_text()),
        )
        handover.unlink()
        if ready_file is not None:
            ready.write(ready_file.resolve(), content)
        self._say_table(content)

    def _serve(self, children: Children, part: str, settings: Path) -> Child:
        return children.start(settings.stem, "bailiwick.faces.cli.main", "serve", part, "--config", str(settings))

    def _planes_are_connected(self) -> bool:
        answer = _ready(self._layout)
        return answer is not None and set(answer["planes"]) >= {"editor", "production"}

    def _write_control_settings(self, target: Path, database_url: str) -> None:
        layout = self._layout
        planes = {
            plane: {
                "kind": plane,
                "credentials": str(layout.state / "planes" / plane),
                "addresses": [f"{HOST}:{port}" for port in ports],
            }
            for plane, ports in {
                "editor": [layout.plane_port("editor")],
                "production": [layout.plane_port("production"), layout.model_port],
            }.items()
        }
        archive = layout.state / "audit-archive"
        archive.mkdir(exist_ok=True, mode=0o700)
        content = {
            "database_url": database_url,
            "state": str(layout.state / "control"),
            "console": {"host": HOST, "port": layout.port},
            "planes_door": {"host": HOST, "port": layout.planes_port},
            "public_url": layout.console_url,
            "ingress_url": layout.ingress_url,
            "oidc": {
                "issuer": layout.idp_issuer,
                "client_id": "bailiwick",
                "second_factor_levels": ["second-factor"],
            },
            "role_rules": [{"group": group, "role": role, "scope": scope} for group, role, scope in ROLE_RULES],
            "planes": planes,
            "networks": "shared",  # one machine: its loopback is everybody's
            "build": {"wheels": str(self._wheels), "folder": str(layout.shared / "build")},
            "inference": {"gateway": layout.model_url},
            "audit_exporters": [
                {"name": "archive", "kind": "folder", "path": str(archive), "format": "ocsf", "batch_seconds": 10}
            ],
        }
        _write(target, content)

    def _write_plane_settings(self, plane: str) -> Path:
        layout = self._layout
        folder = layout.shared / f"plane-{plane}"
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        content: dict[str, object] = {
            "plane": plane,
            "control_url": f"https://{HOST}:{layout.planes_port}",
            "credentials": str(layout.state / "planes" / plane),
            "state": str(folder),
            "ingress_port": layout.plane_port(plane),
            "health_port": layout.health_port(plane),
            "host_suffix": "preview.localhost" if plane == "editor" else "localhost",
            "wheels": str(self._wheels),
            "proxies": [f"{HOST}/32"],
            "app_databases": {"url_file": str(layout.state / APP_DATABASES)},
            "database_files": [str(layout.state / "files")],
        }
        if plane == "production":
            content["model_port"] = layout.model_port
            any_moment = {"url_file": str(layout.state / APP_DATABASES_LOG)}
            content["app_databases"] = {"url_file": str(layout.state / APP_DATABASES), "any_moment": any_moment}
        return _write(layout.state / f"data-plane-{plane}.yaml", content)

    def _write_front_settings(self) -> Path:
        layout = self._layout
        forward = {
            "preview.localhost": f"{HOST}:{layout.plane_port('editor')}",
            "localhost": f"{HOST}:{layout.plane_port('production')}",
        }
        settings = {"port": layout.port + 10, "forward": forward, "others": forward["localhost"], "announce": True}
        return _write(layout.state / "front.yaml", settings)

    def _say(self, words: str) -> None:
        if not self._quiet:
            sys.stdout.write(f"  {time.monotonic() - self._began:5.1f} s  {words}\n")
            sys.stdout.flush()

    def _say_table(self, content: dict[str, object]) -> None:
        if self._quiet:
            return
        seconds = time.monotonic() - self._began
        lines = ["", f"Bailiwick is running after {seconds:.1f} s. Ctrl-C stops all of it.", ""]
        shown = {
            "console": "console_url",
            "API": "api_url",
            "git": "git_url",
            "MCP": "mcp_url",
            "apps": "ingress_url",
            "models": "model_url",
        }
        lines += [f"  {name:<14} {content[key]}" for name, key in shown.items()]
        lines += ["", "  sign in as     (a click, no password)"]
        lines += [f"  {person.role:<14} {person.email:<26} {person.name}" for person in PEOPLE]
        sys.stdout.write("\n".join([*lines, "", ""]))
        sys.stdout.flush()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _write(target: Path, content: Mapping[str, object]) -> Path:
    return write_private(target, yaml.safe_dump(content, sort_keys=False))


def _ready(layout: Layout) -> dict[str, Any] | None:
    """Return what the control plane says of itself once it is ready, by plain means: this is asked again and again."""
    connection = http.client.HTTPConnection(HOST, layout.port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return dict(json.loads(answer.read())) if answer.status == http.client.OK else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
