import sqlite3

from flask import Flask, request

app = Flask(__name__)


@app.get("/notes")
def show():
    rows = sqlite3.connect("desk").execute("SELECT kind, text FROM notes").fetchall()
    return "".join(f"<li>{row[1]}</li>" for row in rows)  # FINDING


@app.get("/mottos")
def mottos():
    cursor = sqlite3.connect("desk").cursor()
    cursor.execute("SELECT * FROM people")
    page = ""
    for person in cursor.fetchall():
        page += person["motto"]
    return page  # FINDING


@app.get("/words")
def words():
    with open("/data/words.txt") as words:
        return words.read()  # FINDING


@app.post("/notes")
def keep():
    base = sqlite3.connect("desk")
    base.execute("INSERT INTO notes (kind, text) VALUES (1, ?)", (request.form["text"],))
    base.execute("UPDATE people SET motto = ? WHERE id = ?", (request.form["motto"], 3))
    with open("/data/words.txt", "a") as words:
        words.write(request.form["text"])
    return {}
