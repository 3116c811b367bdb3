"""`bailiwick`: mounts the verbs, each from a module of its own."""

import typer

from bailiwick.faces.cli import (
    access_reviews,
    advisories,
    apps,
    audit,
    audit_proofs,
    capabilities,
    directory,
    exporters,
    grants,
    machine_tokens,
    people,
    platform,
    policy,
    releases,
    roles,
    sandbox,
    serve,
    services,
    sessions,
    standards,
    waivers,
)
from bailiwick.faces.cli.git_credential import git_credential
from bailiwick.faces.cli.history import blame, history
from bailiwick.faces.cli.login import login, logout
from bailiwick.faces.cli.review import review
from bailiwick.faces.cli.reviewers import reviewers
from bailiwick.faces.cli.sbom import sbom

root = typer.Typer(
    help="Bailiwick: the boundary around AI-built apps.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
apps.app.command("sbom")(sbom)
apps.register(root)
platform.register(root)
audit_proofs.register(audit.app)
root.add_typer(audit.app, name="audit")
root.add_typer(exporters.app, name="exporter")
root.add_typer(advisories.app, name="advisories")
root.add_typer(people.app, name="person")
root.add_typer(roles.app, name="role")
root.add_typer(sessions.app, name="session")
root.add_typer(policy.app, name="policy")
root.add_typer(access_reviews.app, name="access-review")
root.add_typer(grants.app, name="grant")
root.add_typer(directory.app, name="directory")
root.add_typer(services.app, name="service")
root.add_typer(machine_tokens.agents, name="agent")
root.add_typer(sandbox.app, name="sandbox")
root.add_typer(serve.app, name="serve")
root.add_typer(waivers.app, name="waiver")
root.add_typer(capabilities.app, name="capability")
root.add_typer(standards.app, name="standard")
root.add_typer(releases.app, name="release")
root.command()(login)
root.command()(logout)
root.command()(review)
root.command()(reviewers)
root.command()(history)
root.command()(blame)
root.command("git-credential")(git_credential)


def _mount_demo() -> None:
    from bailiwick.demo.command import app  # noqa: PLC0415 - the demo knows every part

    root.add_typer(app, name="demo")


def main() -> None:
    """Run the command line."""
    _mount_demo()
    root()


if __name__ == "__main__":
    main()
