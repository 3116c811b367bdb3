"""Exporters: pass the audit log on to the company's own systems, each from a cursor that outlives everything."""

from bailiwick.control.exporters.errors import DeliveryError
from bailiwick.control.exporters.health import in_words
from bailiwick.control.exporters.model import ExporterStatus, Outgoing, Receiver
from bailiwick.control.exporters.receivers.http import HttpSender, tls_context
from bailiwick.control.exporters.runner import ExportRunner
from bailiwick.control.exporters.secrets import secret_reader
from bailiwick.control.exporters.service import ExportService
from bailiwick.control.exporters.worker import ExportWorker

__all__ = [
    "DeliveryError",
    "ExportRunner",
    "ExportService",
    "ExportWorker",
    "ExporterStatus",
    "HttpSender",
    "Outgoing",
    "Receiver",
    "in_words",
    "secret_reader",
    "tls_context",
]
