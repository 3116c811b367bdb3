from flask import Flask, request

app = Flask(__name__)


@app.after_request
def note_page(response):
    response.headers["X-Page"] = "desk"
    return response


@app.template_filter("shout")
def shout(text):
    return text.upper()


@app.route("/")
def page():
    return {"name": request.args.get("name")}
