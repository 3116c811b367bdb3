import json
import subprocess

from anthropic import Anthropic

client = Anthropic()
COMMANDS = {"list": "ls", "date": "date"}


class Agent:
    def __init__(self):
        self.history = []

    def step(self, text):
        self.history.append({"role": "user", "content": text})
        message = client.messages.create(model="m", max_tokens=100, messages=self.history)
        order = json.loads(message.content[0].text)
        return subprocess.run(COMMANDS[order["command"]], shell=True)
