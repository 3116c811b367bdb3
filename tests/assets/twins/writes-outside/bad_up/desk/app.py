import os

os.makedirs("../out")  # FINDING
app = 1
