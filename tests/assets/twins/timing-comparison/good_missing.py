import os


def configured() -> bool:
    token = os.environ.get("HOOK_TOKEN")
    return token is not None and token != ""
