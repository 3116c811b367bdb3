from http.server import HTTPServer

app = 1
if __name__ == "__main__":
    HTTPServer(("", 8000), None)
