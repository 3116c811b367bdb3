"""Workflows and actions of GitHub, pipelines of GitLab: who decides what they run, and with which rights."""

import re
from collections.abc import Iterator

from bailiwick.control.review.engines.infra import faults as said
from bailiwick.control.review.engines.infra import shell_rules
from bailiwick.control.review.engines.infra.credentials import is_credential
from bailiwick.control.review.engines.infra.faults import Fault
from bailiwick.control.review.engines.infra.images import image_faults
from bailiwick.control.review.engines.infra.yaml_text import Node, UnreadableYamlError, documents
from bailiwick.control.review.engines.source import Lines, text_of
from bailiwick.control.review.model import Change, Finding, Surroundings
from bailiwick.core.artifacts import TreeFile

_GITHUB = re.compile(r"(?:^|/)\.(?:github|gitea|forgejo)/workflows/[^/]+\.ya?ml$")
_ACTION = re.compile(r"(?:^|/)action\.ya?ml$")
_GITLAB = re.compile(r"(?:^|/)(?:\.gitlab-ci(?:[\w.-]*)\.ya?ml|\.gitlab/ci/[^/]+\.ya?ml)$")
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
# What whoever opens an issue, a comment or a pull request writes into it, the names of branches included.
_FREE = re.compile(
    r"\bgithub\.head_ref\b|\bgithub\.event\.(?:[\w.\[\]'*-]*\.)?(?:title|body|message|name|email|head_ref|label|page_name|"
    r"description|default_branch|ref|display_title|head_branch|text|homepage)\b|\bgithub\.event\.inputs\.\w+|"
    r"\bgithub\.event\.client_payload\b|\bgithub\.ref_name\b|\btoJSON\(\s*github(?:\.event)?\s*\)",
    re.IGNORECASE,
)
_BY_WRITERS = re.compile(r"\binputs\.[\w-]+|\bgithub\.event\.inputs\.[\w-]+|\bgithub\.ref_name\b|\.client_payload\b")
_HEAD = re.compile(
    r"github\.event\.pull_request\.(?:head\.(?:sha|ref|repo)|merge_commit_sha)|github\.head_ref|refs/pull/|"
    r"github\.event\.(?:number|pull_request\.number|issue\.number)|github\.event\.workflow_run\.head",
)
_SECRET = re.compile(r"\bsecrets\.(?!GITHUB_TOKEN\b)[\w-]+|\bsecrets\[")
_PRINTS = re.compile(r"\b(?:echo|printf|cat|print|console\.log|core\.info)\b")
_COMMIT = re.compile(r"^[0-9a-f]{40}$|^sha256:[0-9a-f]{64}$")
_NEAR = ("actions/", "github/")
_UNTRUSTED_EVENTS = frozenset({"pull_request_target", "issue_comment", "issues", "discussion", "discussion_comment",
                               "workflow_run", "fork", "watch"})  # fmt: skip
_WIDE = frozenset({"contents", "packages", "actions", "id-token", "deployments", "pages", "attestations"})
_ACTOR = re.compile(r"github\.(?:actor|triggering_actor)\s*==\s*'[^']*\[bot\]'")
_USES_FILES = re.compile(
    r"(?:^|[;&|\s])(?:\./|sh |bash |python3? |node |npm |make\b|source )|GITHUB_(?:ENV|PATH|OUTPUT)"
)
_GOES_ON = re.compile(r"\||>\s*[^&>]|--password-stdin|GITHUB_(?:ENV|OUTPUT)")
_SCRIPTS = re.compile(r"^(?:bash|sh|)(?:\s|$)")


def reads(path: str) -> bool:
    """Say whether a file is a workflow, an action or a pipeline."""
    return bool(_GITHUB.search(path) or _ACTION.search(path) or _GITLAB.search(path))


def check(change: Change, _: Surroundings) -> Iterator[Finding]:
    """Yield what is wrong in workflows."""
    for file in change.files:
        if reads(file.path):
            yield from _file(file)


def _file(file: TreeFile) -> Iterator[Finding]:
    text = text_of(file.content)
    if text is None:
        return  # the engine "unicode" says so
    yield from said.findings(file.path, Lines(text), _faults(file.path, text))


def _faults(path: str, text: str) -> Iterator[Fault]:
    try:
        found = documents(text)
    except UnreadableYamlError as fault:
        yield Fault("unreadable-configuration", fault.line, str(fault))
        return
    for document in found:
        if _GITLAB.search(path):
            yield from _gitlab(document)
        elif _ACTION.search(path) and not _GITHUB.search(path):
            yield from _steps(document.get("runs", "steps"), frozenset(), document.get("runs"))
        else:
            yield from _workflow(document)


def _workflow(document: Node) -> Iterator[Fault]:
    trigger = document.get("on")
    events = frozenset(
        {name for name, _ in trigger.fields()} | {item.word for item in trigger.each() if item.text is not None}
    )
    yield from _permissions(document, document)
    for _, job in document.get("jobs").fields():
        yield from _permissions(job, document)
        yield from _job(job, events)
    for node in document.walk():
        for name, value in node.fields():
            if name == "ACTIONS_ALLOW_UNSECURE_COMMANDS" and value.true:
                yield Fault("protection-off", value.line, "any output may set variables and paths of later steps")
            if name == "env":
                yield from _environment(value)
            if name == "if" and _ACTOR.search(value.word):
                yield Fault("spoofable-check", value.line, "whoever pushed last is compared, not whose change it is")
            if "secrets" in value.word and re.search(r"toJSON\(\s*secrets\s*\)", value.word, re.IGNORECASE):
                yield Fault("secret-in-log", value.line, "all secrets together are turned into text")


def _environment(settings: Node) -> Iterator[Fault]:
    for name, value in settings.fields():
        if is_credential(name, value.word):
            yield Fault("hard-coded-credential", value.line, f"{name[:60]} is written here")


def _permissions(owner: Node, document: Node) -> Iterator[Fault]:
    granted = owner.get("permissions")
    if granted.word == "write-all":
        yield Fault("excessive-permissions", granted.line, "the token may write everything", 1)
    wide = [name for name, value in granted.fields() if value.word == "write" and name in _WIDE]
    if owner is document and wide and len(list(document.get("jobs").fields())) > 1:
        yield Fault("excessive-permissions", granted.line, f"every job may write {', '.join(wide)}", -1)
    jobs = [job for _, job in document.get("jobs").fields()]
    if owner is document and not granted.there and jobs and not all(job.get("permissions").there for job in jobs):
        yield Fault(
            "excessive-permissions", document.line, "it does not say what its token may, so it may the usual", -1
        )


def _job(job: Node, events: frozenset[str]) -> Iterator[Fault]:
    runner = job.get("runs-on")
    labels = {item.word for item in [*runner.each(), *runner.get("labels").each()]}
    if "self-hosted" in labels and events & {"pull_request", "pull_request_target", "issue_comment"}:
        yield Fault("untrusted-runner", runner.line, "pull requests run on a machine of your own")
    called = job.get("uses")
    if called.there:
        yield from _action(called)
    if job.get("secrets").word == "inherit":
        yield Fault("secrets-inherited", job.get("secrets").line, "all secrets go to the workflow that is called")
    for container in [job.get("container"), *(value for _, value in job.get("services").fields())]:
        image = container if container.text is not None else container.get("image")
        yield from image_faults(image.word, image.line)
        yield from _environment(container.get("env"))
        yield from _environment(container.get("credentials"))
    yield from _steps(job.get("steps"), events, job)


def _steps(steps: Node, events: frozenset[str], owner: Node) -> Iterator[Fault]:
    shell = owner.get("defaults", "run", "shell").word
    checked_out = False
    fetched = False
    for step in steps.each():
        uses = step.get("uses")
        yield from _action(uses)
        action = uses.word.partition("@")[0]
        inputs = step.get("with")
        head = _HEAD.search(f"{inputs.get('ref').word} {inputs.get('repository').word}")
        if action == "actions/checkout" and head and events & _UNTRUSTED_EVENTS:
            checked_out = True
            on = ", ".join(sorted(events & _UNTRUSTED_EVENTS))
            yield Fault("untrusted-checkout", uses.line, f"on {on} it checks out what a stranger wrote")
        if action == "actions/github-script":
            yield from _injected(inputs.get("script"), "code-injection")
        fetched = fetched or (action in {"actions/download-artifact", "dawidd6/action-download-artifact"})
        run = step.get("run")
        if run.there:
            yield from _run(run, step.get("shell").word or shell)
            untrusted = "workflow_run" in events and (fetched or "gh run download" in run.word)
            if untrusted and not checked_out and _USES_FILES.search(run.word):
                yield Fault("untrusted-artifact", run.line, "what an earlier run left is run or believed")


def _run(run: Node, shell: str) -> Iterator[Fault]:
    yield from _injected(run, "command-injection")
    first = run.line + 1 if run.block else run.line
    lines = run.word.split("\n")
    for number, line in enumerate(lines, start=first):
        printed = any(_SECRET.search(match[1]) for match in _EXPRESSION.finditer(line)) and _PRINTS.search(line)
        if printed and not _GOES_ON.search(line.rpartition("}}")[2]):
            yield Fault("secret-in-log", number, "a secret is printed")
    if _SCRIPTS.match(shell):
        plain = _EXPRESSION.sub(lambda match: "expression" + "\n" * match[0].count("\n"), run.word)
        yield from shell_rules.faults(plain, first)


def _injected(script: Node, rule: str) -> Iterator[Fault]:
    first = script.line + 1 if script.block else script.line
    for match in _EXPRESSION.finditer(script.word):
        inside = re.sub(r"'[^']*'", "''", match[1])
        free = _FREE.search(inside) or re.search(r"\binputs\.[\w-]+", inside)
        if not free or re.match(r"\s*(?:contains|startsWith|endsWith|hashFiles)\(", inside):
            continue
        line = first + script.word.count("\n", 0, match.start())
        by_writers = bool(_BY_WRITERS.search(free[0]))
        worse = -2 if by_writers else 0
        yield Fault(rule, line, f"{free[0][:80]} becomes part of the script before it runs; give it in env", worse)


def _action(uses: Node) -> Iterator[Fault]:
    name = uses.word
    if not name or name.startswith("./"):
        return
    if name.startswith("docker://"):
        yield from image_faults(name.removeprefix("docker://"), uses.line)
        return
    action, at, version = name.partition("@")
    if "${{" in action:
        yield Fault("unpinned-action", uses.line, "which action it is is decided while it runs", 1)
    elif not at or not _COMMIT.match(version):
        worse = -1 if action.startswith(_NEAR) else 0
        moving = f"'{version[:40]}' can be moved to other code" if at else "no version is named"
        yield Fault("unpinned-action", uses.line, f"{action[:80]}: {moving}", worse)


def _gitlab(document: Node) -> Iterator[Fault]:
    for node in document.walk():
        for name, value in node.fields():
            if name in {"script", "before_script", "after_script"}:
                for item in value.each():
                    first = item.line + 1 if item.block else item.line
                    yield from shell_rules.faults(item.word, first)
            elif name in {"image", "services"}:
                for item in value.each():
                    image = item if item.text is not None else item.get("name")
                    yield from image_faults(image.word, image.line)
            elif name == "variables":
                yield from _environment(value)
            elif name == "include":
                for item in value.each():
                    address = item.word or item.get("remote").word
                    if re.match(r"https?://", address):
                        yield Fault("unverified-download", item.line, "the pipeline is whatever that address answers")
