import flask_magic_auth_helper  # FINDING
app = 1
