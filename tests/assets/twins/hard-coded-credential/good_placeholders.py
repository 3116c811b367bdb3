API_KEY = "<your key here>"
PASSWORD = "${DB_PASSWORD}"
TOKEN = "your-token-goes-here"
API_TOKEN = "xxxxxxxx"
