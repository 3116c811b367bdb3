import os

os.umask(0)  # FINDING
