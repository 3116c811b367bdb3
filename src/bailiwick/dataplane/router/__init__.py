"""The router: incoming requests, who makes them, and whether they may."""

from bailiwick.dataplane.router.admission import Admission, RequestLimits
from bailiwick.dataplane.router.answering import RouterParts
from bailiwick.dataplane.router.calls import CallRegistry
from bailiwick.dataplane.router.crowd import Crowd
from bailiwick.dataplane.router.files import StaticFiles
from bailiwick.dataplane.router.front import run_front
from bailiwick.dataplane.router.gate import Gate
from bailiwick.dataplane.router.identity_tokens import IdentityTokens
from bailiwick.dataplane.router.origin import Proxies
from bailiwick.dataplane.router.own_pages import OwnAnswer, OwnPages
from bailiwick.dataplane.router.pages import LimitReached, Page, page_headers, style
from bailiwick.dataplane.router.server import Router, serve
from bailiwick.dataplane.router.sign_in import SignIn
from bailiwick.dataplane.router.sites import Site, Sites
from bailiwick.dataplane.router.tls import Certificate
from bailiwick.dataplane.router.upstream import Pool
from bailiwick.dataplane.router.webhooks import Webhooks
from bailiwick.dataplane.router.wire import RequestHead

__all__ = [
    "Admission",
    "CallRegistry",
    "Certificate",
    "Crowd",
    "Gate",
    "IdentityTokens",
    "LimitReached",
    "OwnAnswer",
    "OwnPages",
    "Page",
    "Pool",
    "Proxies",
    "RequestHead",
    "RequestLimits",
    "Router",
    "RouterParts",
    "SignIn",
    "Site",
    "Sites",
    "StaticFiles",
    "Webhooks",
    "page_headers",
    "run_front",
    "serve",
    "style",
]
