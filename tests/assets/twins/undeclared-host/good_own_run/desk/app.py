import requests

app = 1
if __name__ == "__main__":
    requests.get("https://api.other.example")
