from http.server import HTTPServer

app = HTTPServer(("", 8000), None)  # FINDING
