"""The ways to receivers, one file a kind."""

from urllib.parse import urlsplit

from bailiwick.control.exporter_settings import (
    ExporterOptions,
    FolderExporter,
    S3Exporter,
    SplunkExporter,
    SyslogExporter,
    WebhookExporter,
)
from bailiwick.control.exporters.model import Receiver
from bailiwick.control.exporters.receivers.folder import FolderReceiver
from bailiwick.control.exporters.receivers.s3 import S3Receiver
from bailiwick.control.exporters.receivers.splunk import SplunkReceiver
from bailiwick.control.exporters.receivers.syslog import SyslogReceiver
from bailiwick.control.exporters.receivers.webhook import WebhookReceiver
from bailiwick.control.vault import SecretReader


def make_receiver(options: ExporterOptions, secrets: SecretReader) -> Receiver:
    """Return the way to the receiver that the settings name. Secrets are read now, so that a new one is found."""
    match options:
        case FolderExporter():
            return FolderReceiver(options)
        case S3Exporter():
            return S3Receiver(options, secrets(options.access_key_id), secrets(options.secret_access_key))
        case WebhookExporter():
            return WebhookReceiver(options, secrets(options.secret))
        case SplunkExporter():
            return SplunkReceiver(options, secrets(options.token))
        case SyslogExporter():
            return SyslogReceiver(options)


def destination(options: ExporterOptions) -> str:
    """Return where events go, without anything secret: some receivers have a key in the path of their URL."""
    match options:
        case FolderExporter():
            return str(options.path)
        case S3Exporter():
            return f"{options.endpoint}/{options.bucket}/{options.prefix}"
        case WebhookExporter() | SplunkExporter():
            return "{0.scheme}://{0.netloc}".format(urlsplit(options.url))
        case SyslogExporter():
            return f"{options.host}:{options.port}"
