from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlparse


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        name = parse_qs(urlparse(self.path).query).get("name", [""])[0]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"<h1>{name}</h1>".encode())  # FINDING
