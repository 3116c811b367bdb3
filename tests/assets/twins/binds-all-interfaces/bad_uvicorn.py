import uvicorn

uvicorn.run("desk:app", host="0.0.0.0", port=8000)  # FINDING
