import json

app = json.load(open("settings.json"))
