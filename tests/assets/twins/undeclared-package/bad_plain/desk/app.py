import flask
import requests  # FINDING
app = flask.Flask("x")
