import flask
app = 1
