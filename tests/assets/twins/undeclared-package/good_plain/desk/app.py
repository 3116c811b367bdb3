import flask
import json
app = flask.Flask("x")
