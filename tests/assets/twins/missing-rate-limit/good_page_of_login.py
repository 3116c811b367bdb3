from fastapi import FastAPI

app = FastAPI()


@app.get("/login")
def login_page():
    return {"page": "login"}


@app.post("/logout")
def logout():
    return {}
