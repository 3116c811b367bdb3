from pymongo import MongoClient

app = MongoClient("mongodb+srv://cluster.corp.example/x")  # FINDING
