from flask import Flask, request

app = Flask(__name__)


class Query:
    def __init__(self):
        self.parts = []

    def add(self, part):
        self.parts.append(part)
        return self

    def text(self):
        return "SELECT * FROM people WHERE " + " AND ".join(self.parts)


@app.route("/find")
def find():
    query = Query()
    query.add("1 = 1")
    query.add("name = '" + request.args["q"] + "'")
    return {"rows": list(cursor().execute(query.text()))}  # FINDING
