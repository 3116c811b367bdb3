import os


def app():
    return os.environ["REGION"]  # FINDING
