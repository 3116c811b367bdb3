import flask
app = flask
