import os

TOOL = "convert"


def app():
    return os.system(f"cd /tmp && {TOOL} in.png out.pdf")  # FINDING
