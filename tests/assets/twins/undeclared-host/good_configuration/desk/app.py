import json

app = 1
