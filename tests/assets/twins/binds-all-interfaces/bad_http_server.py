from http.server import HTTPServer, SimpleHTTPRequestHandler

ANYWHERE = "0.0.0.0"
HTTPServer((ANYWHERE, 8000), SimpleHTTPRequestHandler).serve_forever()  # FINDING
