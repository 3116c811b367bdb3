import subprocess


def app(path):
    return subprocess.run(["pdftotext", path], check=True)  # FINDING
