import functools

from flask import Flask, request

app = Flask(__name__)


def with_query(view):
    @functools.wraps(view)
    def wrapper(*args, **kwargs):
        return view(*args, query=int(request.args.get("q", "0")), **kwargs)

    return wrapper


@app.route("/find")
@with_query
def find(query):
    return {"rows": list(cursor().execute(f"SELECT * FROM people WHERE id = {query}"))}
