from lxml import etree

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    parser = etree.XMLParser(resolve_entities=True)  # FINDING
    tree = etree.fromstring(request.data, parser)  # FINDING
    return {"root": tree.tag}
