import os

TOOL = "python3 -m desk"


def app():
    return os.system(f"cd /tmp && {TOOL} in.png out.pdf")
