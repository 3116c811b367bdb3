import html
import sqlite3

from flask import Flask, request

app = Flask(__name__)


@app.post("/notes")
def keep():
    base = sqlite3.connect("desk")
    base.execute("INSERT INTO notes (kind, text) VALUES (1, ?)", (request.form["text"],))
    base.execute("UPDATE people SET motto = ?, name = ? WHERE id = ?", ("none", html.escape(request.form["name"]), 3))
    with open("/data/words.txt", "a") as words:
        words.write(request.form["text"])
    return {}


@app.get("/notes")
def show():
    rows = sqlite3.connect("desk").execute("SELECT kind FROM notes").fetchall()
    texts = sqlite3.connect("desk").execute("SELECT text FROM notes").fetchall()
    return "".join(f"<li>{row[0]}</li>" for row in rows) + "".join(html.escape(row[0]) for row in texts)


@app.get("/mottos")
def mottos():
    cursor = sqlite3.connect("desk").cursor()
    cursor.execute("SELECT * FROM people")
    page = ""
    for person in cursor.fetchall():
        page += person["motto"] + person["name"]
    return page


@app.get("/words")
def words():
    with open("/data/help.txt") as words:
        return words.read()
