from dataclasses import dataclass

from flask import Flask, request

app = Flask(__name__)


@dataclass
class Wanted:
    table: str
    name: str = ""


@app.route("/find")
def find():
    wanted = Wanted("people", name=request.args["name"])
    return {"rows": list(cursor().execute(f"SELECT * FROM {wanted.table} WHERE name = ?", [wanted.name]))}
