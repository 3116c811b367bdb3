import xml.sax
import xml.sax.handler
from xml.dom import pulldom

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    parser = xml.sax.make_parser()
    parser.setFeature(xml.sax.handler.feature_external_ges, True)  # FINDING
    document = pulldom.parseString(request.get_data(as_text=True), parser=parser)  # FINDING
    return {"items": len(list(document))}
