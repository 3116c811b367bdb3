import os

app = open(os.path.expanduser("~/.aws/credentials"))  # FINDING
