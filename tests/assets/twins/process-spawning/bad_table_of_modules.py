import sys

sys.modules["os"].system("ls")  # FINDING
