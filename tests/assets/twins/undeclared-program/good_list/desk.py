import subprocess
import sys


def app(path):
    return subprocess.run([sys.executable, path], check=True)
