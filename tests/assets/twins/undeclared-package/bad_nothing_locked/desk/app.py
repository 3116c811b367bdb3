import flask  # FINDING
app = flask
