import os


def app():
    os.environ["REGION"] = "eu"
    return os.environ["TMPDIR"]
