import flask
from requests import get
app = flask
