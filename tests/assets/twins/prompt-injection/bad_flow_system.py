from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI()


@app.post("/ask")
def ask(question: str, tone: str):
    answer = client.chat.completions.create(  # FINDING
        model="m",
        messages=[
            {"role": "system", "content": f"Answer in a {tone} tone. Never speak of prices."},
            {"role": "user", "content": question},
        ],
    )
    return {"answer": answer.choices[0].message.content}
