"""Compose files and objects of Kubernetes: what containers may do to the machine, and what is written into them."""

import re
from collections.abc import Iterator

from bailiwick.control.review.engines.infra import faults as said
from bailiwick.control.review.engines.infra.credentials import is_credential, is_written_out
from bailiwick.control.review.engines.infra.faults import Fault
from bailiwick.control.review.engines.infra.images import image_faults
from bailiwick.control.review.engines.infra.yaml_text import Node, UnreadableYamlError, documents
from bailiwick.control.review.engines.source import Lines, text_of
from bailiwick.control.review.model import Change, Finding, Surroundings
from bailiwick.core.artifacts import TreeFile

_COMPOSE = re.compile(r"(?:^|/)(?:docker-)?compose(?:[\w.-]*)\.ya?ml$", re.IGNORECASE)
_POWERS = frozenset({"all", "sys_admin", "sys_ptrace", "sys_module", "sys_rawio", "dac_read_search", "dac_override",
                     "net_admin", "bpf", "sys_boot", "mac_admin", "perfmon"})  # fmt: skip
_SOCKET = re.compile(r"(?:docker|containerd|crio|podman)\.sock")
_HOST_PATHS = re.compile(
    r"^(?:/|/(?:etc|root|home|var|usr|boot|dev|proc|sys|lib|bin|sbin|opt|var/lib(?:/docker|/kubelet)?|var/run|run)(?:/.*)?|~.*)$"
)
_HARMLESS_PATHS = re.compile(
    r"^/(?:etc/(?:localtime|timezone|ssl/certs.*)|dev/(?:shm|null|fuse|dri.*)|usr/share/zoneinfo.*)$"
)
_WORKLOADS = frozenset(
    {
        "Pod",
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "ReplicaSet",
        "Job",
        "CronJob",
        "ReplicationController",
        "PodTemplate",
    }
)
_DATABASES = re.compile(
    r"(?:^|/)(?:postgres|mysql|mariadb|mongo|redis|elasticsearch|memcached|rabbitmq|clickhouse)", re.IGNORECASE
)


def reads(path: str) -> bool:
    """Say whether a file may describe containers: what it is is known by what it says."""
    return path.lower().endswith((".yml", ".yaml"))


def check(change: Change, _: Surroundings) -> Iterator[Finding]:
    """Yield what is wrong in compose files and objects of Kubernetes; other YAML is left alone."""
    for file in change.files:
        if reads(file.path):
            yield from _file(file)


def _file(file: TreeFile) -> Iterator[Finding]:
    text = text_of(file.content)
    if text is None or not ("services" in text or "kind:" in text or '"kind"' in text):
        return
    try:
        found = documents(text)
    except UnreadableYamlError:
        return  # the engine "configuration" says so
    yield from said.findings(file.path, Lines(text), _faults(file.path, found))


def _faults(path: str, found: list[Node]) -> Iterator[Fault]:
    for document in found:
        kind = document.get("kind").word
        if kind == "List":
            for item in document.get("items").each():
                yield from _object(item)
        elif kind and document.get("apiVersion").there:
            yield from _object(document)
        elif _COMPOSE.search(path) or _looks_composed(document):
            for _, service in document.get("services").fields():
                yield from _service(service)


def _looks_composed(document: Node) -> bool:
    services = [value for _, value in document.get("services").fields()]
    return bool(services) and all(value.get("image").there or value.get("build").there for value in services)


def _service(service: Node) -> Iterator[Fault]:
    yield from image_faults(service.get("image").word, service.get("image").line)
    if service.get("privileged").true:
        yield Fault("privileged-container", service.get("privileged").line, "it may do all that the machine may")
    yield from _capabilities(service.get("cap_add"))
    for option in service.get("security_opt").each():
        if re.match(r"(?:seccomp|apparmor)[:=]unconfined|label[:=]disable|no-new-privileges[:=]false", option.word):
            yield Fault("privileged-container", option.line, f"{option.word[:60]} switches a limit off")
    for name in ("network_mode", "pid", "ipc", "userns_mode", "uts", "cgroup"):
        if service.get(name).word == "host":
            yield Fault("host-access", service.get(name).line, f"{name}: it shares the machine's")
    for volume in service.get("volumes").each():
        source = volume.word.partition(":")[0] if volume.text is not None else volume.get("source").word
        yield from _mount(source, volume.line)
    for device in service.get("devices").each():
        if re.match(r"/dev/(?:mem|kmem|sd\w|nvme\w+|kvm)?(?::|$)", device.word):
            yield Fault("host-access", device.line, f"{device.word[:60]}: a device of the machine")
    if service.get("user").word.partition(":")[0] in {"root", "0"}:
        yield Fault("runs-as-root", service.get("user").line, "it runs as root", 1)
    limited = service.get("mem_limit").there or service.get("deploy", "resources", "limits").there
    if not limited:
        yield Fault("unbounded-resources", service.line, "no limit of memory")
    yield from _environment(service.get("environment"))
    for port in service.get("ports").each():
        open_to_all = re.match(r"^(?:0\.0\.0\.0:)?\d+:\d+", port.word)
        if open_to_all and _DATABASES.search(service.get("image").word):
            yield Fault(
                "binds-all-interfaces", port.line, "a database listens to everybody; write 127.0.0.1: before the port"
            )


def _environment(settings: Node) -> Iterator[Fault]:
    pairs = [(name, value.word, value.line) for name, value in settings.fields()]
    pairs += [(*item.word.partition("=")[::2], item.line) for item in settings.items or ()]
    for name, value, line in pairs:
        if is_credential(name, value):
            yield Fault("hard-coded-credential", line, f"{name[:60]} is written here")


def _capabilities(added: Node) -> Iterator[Fault]:
    for item in added.each():
        if item.word.lower().removeprefix("cap_") in _POWERS:
            yield Fault("privileged-container", item.line, f"{item.word[:40]} is as good as the machine")


def _mount(source: str, line: int) -> Iterator[Fault]:
    if _SOCKET.search(source):
        yield Fault("host-access", line, "whoever has this socket has the machine", 1)
    elif _HOST_PATHS.match(source) and not _HARMLESS_PATHS.match(source):
        yield Fault("host-access", line, f"{source[:80]} of the machine is mounted", 0 if source == "/" else -1)


def _object(document: Node) -> Iterator[Fault]:
    kind = document.get("kind").word
    if kind in _WORKLOADS:
        yield from _workload(document)
    elif kind == "Secret":
        for group in ("data", "stringData"):
            for name, value in document.get(group).fields():
                if is_written_out(value.word) or (group == "data" and len(value.word) > 7):  # noqa: PLR2004 - base64 of five
                    yield Fault("hard-coded-credential", value.line, f"{name[:60]} of a Secret is written here")
    elif kind == "ConfigMap":
        yield from _environment(document.get("data"))
    elif kind in {"Role", "ClusterRole"}:
        for each in document.get("rules").each():
            verbs = {item.word for item in each.get("verbs").each()}
            things = {item.word for item in each.get("resources").each()}
            if "*" in verbs and "*" in things:
                yield Fault("excessive-permissions", each.line, "it may do everything to everything", 1)
            elif verbs & {"escalate", "impersonate", "bind"} or (
                "*" in verbs and things & {"secrets", "roles", "clusterroles"}
            ):
                yield Fault("excessive-permissions", each.line, "it may give itself more")
    elif kind in {"RoleBinding", "ClusterRoleBinding"} and document.get("roleRef", "name").word == "cluster-admin":
        yield Fault(
            "excessive-permissions",
            document.get("roleRef").line,
            "it makes somebody an administrator of the cluster",
            1,
        )


def _workload(document: Node) -> Iterator[Fault]:
    kind = document.get("kind").word
    spec = {"Pod": ("spec",), "CronJob": ("spec", "jobTemplate", "spec", "template", "spec")}.get(
        kind, ("spec", "template", "spec")
    )
    pod = document.get(*spec)
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(name).true:
            yield Fault("host-access", pod.get(name).line, f"{name}: it shares the machine's")
    for volume in pod.get("volumes").each():
        if volume.get("hostPath").there:
            path = volume.get("hostPath", "path")
            yield from _mount(path.word, path.line)
    yield from _identity(pod.get("securityContext"))
    not_root = pod.get("securityContext", "runAsNonRoot").there or pod.get("securityContext", "runAsUser").there
    for group in ("initContainers", "containers", "ephemeralContainers"):
        for container in pod.get(group).each():
            yield from _container(container, not_root)


def _identity(context: Node) -> Iterator[Fault]:
    if context.get("runAsUser").word == "0":
        yield Fault("runs-as-root", context.get("runAsUser").line, "it runs as root", 1)
    if context.get("runAsNonRoot").false:
        yield Fault("runs-as-root", context.get("runAsNonRoot").line, "it may run as root", 1)
    if context.get("seccompProfile", "type").word == "Unconfined":
        yield Fault("privileged-container", context.get("seccompProfile").line, "system calls are not limited")


def _container(container: Node, not_root: bool) -> Iterator[Fault]:
    context = container.get("securityContext")
    yield from image_faults(container.get("image").word, container.get("image").line)
    yield from _identity(context)
    yield from _capabilities(context.get("capabilities", "add"))
    if context.get("privileged").true:
        yield Fault("privileged-container", context.get("privileged").line, "it may do all that the machine may")
    if context.get("allowPrivilegeEscalation").true:
        yield Fault("privileged-container", context.get("allowPrivilegeEscalation").line, "it may gain more rights", -1)
    if context.get("procMount").word == "Unmasked":
        yield Fault("privileged-container", context.get("procMount").line, "it sees all of /proc")
    if not container.get("resources", "limits").there:
        yield Fault("unbounded-resources", container.line, "no limits of memory and processors")
    if not (not_root or context.get("runAsNonRoot").there or context.get("runAsUser").there):
        yield Fault("runs-as-root", container.line, "nothing says that it does not run as root")
    for setting in container.get("env").each():
        name, value = setting.get("name").word, setting.get("value")
        if is_credential(name, value.word):
            yield Fault("hard-coded-credential", value.line, f"{name[:60]} is written here")
