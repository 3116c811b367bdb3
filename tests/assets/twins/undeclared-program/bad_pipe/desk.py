import subprocess


def app():
    return subprocess.run("python3 report.py | gzip > /tmp/report.gz", shell=True, check=True)  # FINDING
