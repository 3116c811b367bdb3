import os

go = os.system  # FINDING
