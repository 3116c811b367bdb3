import os

getattr(os, "sys" + "tem")("ls")  # FINDING
