from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

origins = ["http://localhost:3000", "*"]

app = FastAPI()
app.add_middleware(  # FINDING
    CORSMiddleware,
    allow_origins=origins,
    allow_credentials=True,
)
