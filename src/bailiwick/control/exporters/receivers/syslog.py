"""Sends events over syslog with TLS (RFC 5425).

Syslog never says what arrived: what `send` takes may lie in a buffer of a receiver that dies. So what was sent counts
only after `replay_seconds` in which the connection held, and before that the connection is closed in order at least
once and opened again: the receiver answers the close after all that came before it, so it has read that.
"""

import contextlib
import socket
import ssl
import time
from collections.abc import Sequence

from bailiwick.control.exporter_settings import SyslogExporter
from bailiwick.control.exporters.errors import DeliveryError
from bailiwick.control.exporters.formats import text
from bailiwick.control.exporters.formats.syslog import frame, message
from bailiwick.control.exporters.model import Outgoing
from bailiwick.control.exporters.receivers.http import tls_context

_CONNECT_SECONDS = 5.0
_SEND_SECONDS = 15.0
_CLOSE_SECONDS = 10.0


class SyslogReceiver:
    """A connection to a syslog server over TLS 1.2 or later, its certificate and name checked."""

    def __init__(self, options: SyslogExporter) -> None:
        self._options = options
        self.settle_seconds = options.replay_seconds
        self._host = socket.gethostname()
        self._socket = _connected(options)
        self._opened = time.monotonic()
        self._used = False

    def deliver(self, events: Sequence[Outgoing]) -> None:
        """Send the events, each in a frame."""
        options = self._options
        frames = b"".join(
            frame(message(event, text(options.format, event), facility=options.facility, host=self._host))
            for event in events
        )
        self._used = True
        try:
            self._socket.sendall(frames)
        except OSError as fault:
            raise DeliveryError(f"the connection broke while sending: {_words(fault)}") from fault
        self._look()

    def check(self) -> None:
        """Raise `DeliveryError` when the connection broke; close it in order when it is old, and open another."""
        self._look()
        if self._used and time.monotonic() - self._opened >= self.settle_seconds / 2:
            self._close_in_order()
            self._socket = _connected(self._options)
            self._opened, self._used = time.monotonic(), False

    def close(self) -> None:
        """Let go of the connection."""
        self._socket.close()

    def _look(self) -> None:
        """Raise `DeliveryError` when the receiver closed the connection or talks."""
        self._socket.setblocking(False)
        try:
            said = self._socket.recv(4096)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
            return
        except OSError as fault:
            raise DeliveryError(f"the connection broke: {_words(fault)}") from fault
        finally:
            with contextlib.suppress(OSError):
                self._socket.settimeout(_SEND_SECONDS)
        if said:
            raise DeliveryError("the receiver answers, which syslog never does: is this its port?")
        raise DeliveryError("the receiver closed the connection")

    def _close_in_order(self) -> None:
        self._socket.settimeout(_CLOSE_SECONDS)
        try:
            self._socket.unwrap()
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError):
            pass  # it closed without the word of TLS for it; after a reset, which says that bytes were lost, we fail
        except OSError as fault:
            raise DeliveryError(f"the receiver did not close in order: {_words(fault)}") from fault
        finally:
            self._socket.close()


def _connected(options: SyslogExporter) -> ssl.SSLSocket:
    context = tls_context(options.ca)
    if options.certificate is not None and options.key is not None:
        try:
            context.load_cert_chain(options.certificate, options.key)
        except (OSError, ssl.SSLError) as fault:
            raise DeliveryError(f"our certificate {options.certificate} and its key are not usable") from fault
    try:
        plain = socket.create_connection((options.host, options.port), _CONNECT_SECONDS)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        # What the other side has not confirmed for so long breaks the connection, before it would count.
        patience = int(min(options.replay_seconds, 2 * _SEND_SECONDS) * 750)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, patience)
        return context.wrap_socket(plain, server_hostname=options.server_name or options.host)
    except ssl.SSLCertVerificationError as fault:
        raise DeliveryError(f"the receiver's certificate is refused: {fault.verify_message}") from fault
    except OSError as fault:
        raise DeliveryError(f"no connection to {options.host}:{options.port}: {_words(fault)}") from fault


def _words(fault: OSError) -> str:
    return fault.strerror or str(fault) or type(fault).__name__
