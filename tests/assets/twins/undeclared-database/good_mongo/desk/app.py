from pymongo import MongoClient

app = MongoClient("mongodb://localhost/x")
