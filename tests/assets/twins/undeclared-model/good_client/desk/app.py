from openai_tools import OpenAI

app = OpenAI()
