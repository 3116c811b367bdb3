"""`bailiwick`: mounts the verbs, each from a module of its own."""

import typer

from bailiwick.faces.cli import apps, audit, directory, people, platform, policy, roles, sandbox, serve
from bailiwick.faces.cli.login import login
from bailiwick.faces.cli.review import review

root = typer.Typer(
    help="Bailiwick: the boundary around AI-built apps.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
apps.register(root)
platform.register(root)
root.add_typer(audit.app, name="audit")
root.add_typer(people.app, name="person")
root.add_typer(roles.app, name="role")
root.add_typer(policy.app, name="policy")
root.add_typer(directory.app, name="directory")
root.add_typer(sandbox.app, name="sandbox")
root.add_typer(serve.app, name="serve")
root.command()(login)
root.command()(review)


def _mount_demo() -> None:
    from bailiwick.demo.command import app  # noqa: PLC0415 - the demo knows every part

    root.add_typer(app, name="demo")


def main() -> None:
    """Run the command line."""
    _mount_demo()
    root()


if __name__ == "__main__":
    main()
