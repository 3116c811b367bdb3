"""The ways to receivers, one file a kind."""

from bailiwick.control.exporter_settings import ExporterOptions, FolderExporter, SyslogExporter, WebhookExporter
from bailiwick.control.exporters.model import Receiver
from bailiwick.control.exporters.receivers.folder import FolderReceiver
from bailiwick.control.exporters.receivers.syslog import SyslogReceiver
from bailiwick.control.exporters.receivers.webhook import WebhookReceiver
from bailiwick.control.exporters.secrets import SecretReader


def make_receiver(options: ExporterOptions, secrets: SecretReader) -> Receiver:
    """Return the way to the receiver that the settings name. Secrets are read now, so that a new one is found."""
    match options:
        case FolderExporter():
            return FolderReceiver(options)
        case SyslogExporter():
            return SyslogReceiver(options)
        case WebhookExporter():
            return WebhookReceiver(options, secrets(options.secret))
    raise NotImplementedError(options.kind)


def destination(options: ExporterOptions) -> str:
    """Return where events go, without anything secret."""
    match options:
        case FolderExporter():
            return str(options.path)
        case SyslogExporter():
            return f"{options.host}:{options.port}"
        case WebhookExporter():
            return options.url
    raise NotImplementedError(options.kind)
