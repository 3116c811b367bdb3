from flask import Flask
from flask_cors import CORS

app = Flask(__name__)
CORS(app, origins=["https://desk.example"], supports_credentials=True)
