"""A small app in every language that engines read: reading it once makes them load what they read with."""

from bailiwick.core.artifacts import TreeFile

_PYTHON = b'''"""Orders."""
import json, os
from flask import Flask, request

app = Flask(__name__)
FORM = f"{os.sep} {json.dumps({})}"


class Page:
    def show(self, rows: list[int]) -> str:
        return ", ".join(str(row) for row in rows if row)


@app.route("/")
def index():
    words = request.args.get("q", "")
    try:
        rows = app.db.execute("SELECT id FROM orders WHERE name = %s", [words]).fetchall()
    except ValueError as fault:
        return str(fault)
    return Page().show(rows)
'''
_MANIFEST = b"""[app]
name = "sample"
purpose = "Shows engines what they read"
entrypoint = "app:app"
"""
_PAGE = b'<!doctype html><p onclick="go()">{{ name }}</p><script>const a = "x";</script>\n'
_SCRIPT = b'import x from "x";\nexport const f = async (a) => { document.title = `${a}`; await fetch("/x"); };\n'

SAMPLES = (
    TreeFile("bailiwick.toml", _MANIFEST),
    TreeFile("app.py", _PYTHON),
    TreeFile("requirements.lock", b"flask==3.0.0 --hash=sha256:" + b"0" * 64 + b"\n"),
    TreeFile("templates/page.html", _PAGE),
    TreeFile("static/show.js", _SCRIPT),
    TreeFile("static/view.tsx", b"export const V = (p: {n: string}) => <b>{p.n}</b>;\n"),
    TreeFile("package.json", b'{"name": "sample", "dependencies": {"express": "4.0.0"}}\n'),
    TreeFile("migrations/1.sql", b"CREATE TABLE orders (id bigint PRIMARY KEY, name text NOT NULL);\n"),
    TreeFile("start.sh", b'#!/bin/sh\nset -eu\nfor i in "$@"; do echo "$i"; done\n'),
    TreeFile("Dockerfile", b'FROM python:3.12-slim\nUSER 1000\nCMD ["python"]\n'),
    TreeFile(".github/workflows/test.yml", b"on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{run: make}]\n"),
    TreeFile("README.md", "# Sample\n\nPlain words, é too.\n".encode()),
)
