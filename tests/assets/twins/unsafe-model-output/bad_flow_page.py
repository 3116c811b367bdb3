from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from langchain_openai import ChatOpenAI

app = FastAPI()
llm = ChatOpenAI(model="m")


@app.get("/summary", response_class=HTMLResponse)
def summary():
    return "<p>" + llm.invoke("Sum up the day").content + "</p>"  # FINDING
