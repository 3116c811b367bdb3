import subprocess

ERRORS = {"failed": subprocess.CalledProcessError}
