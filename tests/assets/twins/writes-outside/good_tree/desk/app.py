import tempfile

with open(tempfile.gettempdir() + "/cache.json", "w") as app:
    app.write("x")
