"""Egress in words: how much passed, and what to do about what did not."""

_STEPS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
_ADVICE = (
    (
        "the TLS connection is for",
        "call the host by its declared name, or declare the other one in bailiwick.toml, too",
    ),
    ("the request is for", "call the host by its declared name, or declare the other one in bailiwick.toml, too"),
    ("names no server", "let the client send the server name (SNI): connect by name, not by address"),
    ("(ECH)", "switch encrypted ClientHello off in the client: the gateway must see for which host it is"),
    ("does not begin with TLS", "declare what the port speaks in bailiwick.toml: [[egress.hosts]] with protocol"),
    ("no address that may be reached", "ask whoever runs the data plane: allow_networks opens networks of the house"),
    ("cannot be resolved", "check the name, and how the data plane's machine resolves names"),
    ("does not answer", "check host and port, and the firewall between the data plane and them"),
    (
        "does not accept the certificate of the gateway",
        "let the app trust what SSL_CERT_FILE names and pin no certificate, "
        "or ask an administrator: bailiwick guardrail show",
    ),
    ("cannot be relied on", "have the host mend its certificate; the gateway trusts what its machine trusts"),
    ("is not allowed at this host", "ask an administrator: bailiwick guardrail set egress opened_tls=…"),
    (
        "sensitive values",
        "leave secrets, cards, account numbers and addresses of people out of it, "
        "or ask an administrator: bailiwick guardrail set egress opened_tls=…",
    ),
    ("that is not read", "send and ask for text in UTF-8, plain or as gzip or deflate: this gateway looks through it"),
    ("before STARTTLS", "let the client use STARTTLS before it signs in"),
    ("connections open", "close connections, or ask an administrator: bailiwick guardrail set egress"),
    (
        "connections a second",
        "keep connections and use them again, or ask an administrator: bailiwick guardrail set egress",
    ),
    ("in a day", "send less, or ask an administrator: bailiwick guardrail set egress megabytes_per_day=…"),
    ("policy", "ask who keeps the policies: bailiwick who-can egress.connect"),
)


def bytes_words(count: int) -> str:
    """Return a number of bytes for people: `12 kB`."""
    for size, unit in _STEPS:
        if count >= size:
            return f"{count / size:.1f} {unit}".replace(".0 ", " ")
    return f"{count} B"


def advice(address: str, protocol: str, reason: str) -> str:
    """Return what to do so that a call which was refused would pass; empty where nothing was."""
    if not reason:
        return ""
    if not protocol:
        return f'declare it in bailiwick.toml: [egress] allow = ["{address}:443"]'
    return next((words for part, words in _ADVICE if part in reason), "the reason says what is wrong with the call")
