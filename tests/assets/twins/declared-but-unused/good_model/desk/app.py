from openai import OpenAI

app = OpenAI()
