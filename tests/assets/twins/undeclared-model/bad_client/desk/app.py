from openai import OpenAI  # FINDING

app = OpenAI()
