import subprocess

ACTIONS = {"list": subprocess.run}  # FINDING
