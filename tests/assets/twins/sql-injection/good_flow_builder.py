from flask import Flask, request

app = Flask(__name__)


class Query:
    def __init__(self):
        self.parts = []
        self.values = []

    def add(self, part, value):
        self.parts.append(part)
        self.values.append(value)
        return self

    def text(self):
        return "SELECT * FROM people WHERE " + " AND ".join(self.parts)


@app.route("/find")
def find():
    query = Query()
    query.add("name = ?", request.args["q"])
    return {"rows": list(cursor().execute(query.text(), query.values))}
