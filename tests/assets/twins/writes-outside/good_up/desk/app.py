import os

os.makedirs("/tmp/out")
app = 1
