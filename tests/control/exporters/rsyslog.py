"""A real rsyslog with TLS, which may be killed and started again on the same port and file."""

import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from .certificates import Certificates

_START_SECONDS = 20


@dataclass
class Rsyslog:
    """The server. `received` is what it wrote: one message a line."""

    folder: Path
    certificates: Certificates
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.log = self.folder / "received.log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        certificate, key = self.certificates.issue("siem.example")
        (self.folder / "rsyslog.conf").write_text(f"""
global(workDirectory="{self.folder}" maxMessageSize="64k" defaultNetstreamDriver="ossl"
       defaultNetstreamDriverCAFile="{self.certificates.ca}"
       defaultNetstreamDriverCertFile="{certificate}" defaultNetstreamDriverKeyFile="{key}")
module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="x509/name"
       permittedPeer=["control.example"])
template(name="line" type="list") {{
  property(name="pri-text") constant(value="\\t") property(name="app-name") constant(value="\\t")
  property(name="msgid") constant(value="\\t") property(name="structured-data") constant(value="\\t")
  property(name="msg") constant(value="\\n")
}}
input(type="imtcp" port="{self.port}" address="127.0.0.1")
action(type="omfile" file="{self.log}" template="line" asyncWriting="off" flushOnTXEnd="on")
""")

    def start(self) -> None:
        command = ["rsyslogd", "-n", "-f", self.folder / "rsyslog.conf", "-i", self.folder / "pid"]
        with (self.folder / "errors.log").open("ab") as errors:
            self.process = subprocess.Popen(command, stdout=errors, stderr=errors)
        ends = time.monotonic() + _START_SECONDS
        while time.monotonic() < ends:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        pytest.fail(f"rsyslog does not start: {(self.folder / 'errors.log').read_text()}")

    def kill(self, with_signal: signal.Signals = signal.SIGKILL) -> None:
        assert self.process is not None
        self.process.send_signal(with_signal)
        self.process.wait()
        (self.folder / "pid").unlink(missing_ok=True)

    def received(self) -> list[list[str]]:
        """Pri, app, message id, structured data and message of each line."""
        if not self.log.exists():
            return []
        # A line that a kill cut short has no end, and is no message.
        whole = self.log.read_text(errors="replace").rpartition("\n")[0]
        return [parts for line in whole.split("\n") if len(parts := line.split("\t", 4)) == 5]


def need_rsyslog() -> None:
    if shutil.which("rsyslogd") is None:
        pytest.fail("rsyslog with rsyslog-openssl is needed: run `make setup-tests`")
