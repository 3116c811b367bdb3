from flask import Flask, request

app = Flask(__name__)


class Search:
    def __init__(self, term):
        self.term = term
        self.table = "people"

    def run(self, cursor):
        return cursor.execute(f"SELECT * FROM {self.table} WHERE name = ?", [self.term])


@app.route("/find")
def find():
    return {"rows": list(Search(request.args["q"]).run(cursor()))}
