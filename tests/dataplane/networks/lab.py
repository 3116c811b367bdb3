"""Three hosts in network namespaces of their own, and a router between them whose rules are the firewall."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

HOSTS: Mapping[str, int] = {"editor": 1, "production": 2, "control": 3}
_PROGRAMS = Path(__file__).parent / "programs"


@dataclass
class Lab:
    """The hosts by the process that holds each one's namespace: when those end, all of it is gone."""

    holders: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    @staticmethod
    def address(host: str) -> str:
        return f"10.77.{HOSTS[host]}.2"

    @staticmethod
    def network(host: str) -> str:
        return f"10.77.{HOSTS[host]}.0/24"

    def inside(self, host: str, *command: str) -> list[str]:
        return ["nsenter", "-t", str(self.holders[host].pid), "-n", "--", *command]

    def do(self, host: str, *command: str) -> str:
        done = subprocess.run(self.inside(host, *command), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def build(self) -> None:
        for host in ("router", *HOSTS):
            self.holders[host] = subprocess.Popen(
                ["unshare", "--net", "sh", "-c", "echo; exec sleep 600"], stdout=subprocess.PIPE
            )
        for holder in self.holders.values():
            assert holder.stdout is not None
            holder.stdout.readline()
        self.do("router", "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        for host, number in HOSTS.items():
            way = f"to-{host[:8]}"
            peer = ["peer", "name", "eth0", "netns", str(self.holders[host].pid)]
            self.do("router", "ip", "link", "add", way, "type", "veth", *peer)
            self.do("router", "ip", "address", "add", f"10.77.{number}.1/24", "dev", way)
            self.do("router", "ip", "link", "set", way, "up")
            self.do(host, "ip", "address", "add", f"{self.address(host)}/24", "dev", "eth0")
            for name in ("lo", "eth0"):
                self.do(host, "ip", "link", "set", name, "up")
            self.do(host, "ip", "route", "add", "default", "via", f"10.77.{number}.1")
        for host in HOSTS:
            for other in HOSTS:
                if host != other:
                    self._rule("add", 200, host, other, "prohibit")

    def _rule(self, verb: str, place: int, source: str, target: str, *rest: str) -> None:
        ends = ["from", self.network(source), "to", self.network(target)]
        self.do("router", "ip", "rule", verb, "pref", str(place), *ends, *rest)

    @contextlib.contextmanager
    def hole(self, source: str, target: str, port: int) -> Iterator[None]:
        """Let one network through to one port of another until the block ends."""
        there = (source, target, "ipproto", "tcp", "dport", str(port), "lookup", "main")
        back = (target, source, "ipproto", "tcp", "sport", str(port), "lookup", "main")
        for rule in (there, back):
            self._rule("add", 100, *rule)
        try:
            yield
        finally:
            for rule in (there, back):
                self._rule("del", 100, *rule)

    def start(self, host: str, program: str, *arguments: str) -> subprocess.Popen[str]:
        """Start one of the programs beside this file on a host, and return once it says something."""
        command = self.inside(host, sys.executable, str(_PROGRAMS / f"{program}.py"), *arguments)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ})
        self.running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        return process

    def close(self) -> None:
        for process in (*self.running, *self.holders.values()):
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
