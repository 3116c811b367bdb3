"""`bailiwick`: mounts the verbs, each from a module of its own."""

import typer

from bailiwick.faces.cli import (
    access_reviews,
    advisories,
    approval_rules,
    approving,
    apps,
    attest,
    audit,
    audit_proofs,
    capabilities,
    change_windows,
    connections,
    databases,
    delegations,
    directory,
    domains,
    emergencies,
    exporters,
    freeze,
    grants,
    guard,
    guardrails,
    jobs,
    keys,
    machine_tokens,
    model_inventory,
    models,
    notices,
    packages,
    people,
    platform,
    policy,
    previews,
    queries,
    releases,
    roles,
    rollouts,
    sandbox,
    secrets,
    serve,
    services,
    sessions,
    settings,
    sql_functions,
    standards,
    stops,
    telemetry,
    upgrade,
    vault_keys,
    waivers,
    workers,
)
from bailiwick.faces.cli.agents_md import agents_md
from bailiwick.faces.cli.backup import backup, restore
from bailiwick.faces.cli.doctor import doctor
from bailiwick.faces.cli.git_credential import git_credential
from bailiwick.faces.cli.history import blame, history
from bailiwick.faces.cli.login import login, logout
from bailiwick.faces.cli.logs import logs
from bailiwick.faces.cli.pentest import pentest
from bailiwick.faces.cli.redact import redact
from bailiwick.faces.cli.review import review
from bailiwick.faces.cli.reviewers import reviewers
from bailiwick.faces.cli.sbom import sbom
from bailiwick.faces.cli.tool_listing import verify_tools

root = typer.Typer(
    help="Bailiwick: the boundary around AI-built apps.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
apps.app.command("sbom")(sbom)
apps.register(root)
machine_tokens.agents.command("verify-tools")(verify_tools)
stops.register(root)
approving.register(root)
emergencies.register(root)
platform.register(root)
secrets.register(root)
model_inventory.register(models.app)
audit_proofs.register(audit.app)
root.add_typer(audit.app, name="audit")
root.add_typer(exporters.app, name="exporter")
root.add_typer(telemetry.app, name="telemetry")
root.add_typer(advisories.app, name="advisories")
root.add_typer(packages.app, name="packages")
root.add_typer(people.app, name="person")
root.add_typer(databases.app, name="database")
root.add_typer(roles.app, name="role")
root.add_typer(rollouts.app, name="rollout")
root.add_typer(sessions.app, name="session")
root.add_typer(connections.app, name="connection")
root.add_typer(policy.app, name="policy")
root.add_typer(queries.app, name="query")
root.add_typer(access_reviews.app, name="access-review")
root.add_typer(grants.app, name="grant")
root.add_typer(guard.app, name="guard")
root.add_typer(directory.app, name="directory")
root.add_typer(services.app, name="service")
root.add_typer(machine_tokens.agents, name="agent")
root.add_typer(models.app, name="model")
root.add_typer(sandbox.app, name="sandbox")
root.add_typer(serve.app, name="serve")
root.add_typer(waivers.app, name="waiver")
root.add_typer(freeze.app, name="freeze")
root.add_typer(approval_rules.app, name="approval-rule")
root.add_typer(change_windows.app, name="change-window")
root.add_typer(guardrails.app, name="guardrail")
root.add_typer(domains.app, name="domain")
root.add_typer(notices.app, name="notice")
root.add_typer(delegations.app, name="delegate")
root.add_typer(capabilities.app, name="capability")
root.add_typer(previews.app, name="preview")
root.add_typer(jobs.app, name="job")
root.add_typer(workers.app, name="worker")
root.add_typer(sql_functions.app, name="sql-function")
root.add_typer(standards.app, name="standard")
root.add_typer(settings.app, name="settings")
root.add_typer(upgrade.app, name="upgrade")
root.add_typer(releases.app, name="release")
root.add_typer(attest.app, name="attest")
root.add_typer(keys.app, name="key")
root.add_typer(vault_keys.app, name="keys")
root.command()(login)
root.command()(logout)
root.command()(review)
root.command()(reviewers)
root.command()(history)
root.command()(logs)
root.command()(blame)
root.command()(backup)
root.command()(restore)
root.command()(doctor)
root.command()(pentest)
root.command()(redact)
root.command("agents-md")(agents_md)
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
