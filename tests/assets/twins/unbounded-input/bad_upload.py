from fastapi import FastAPI, UploadFile

app = FastAPI()


@app.post("/import")
async def take(file: UploadFile):
    content = await file.read()  # FINDING
    return {"lines": content.count(b"\n")}
