import os

os.__dict__["system"]("ls")  # FINDING
