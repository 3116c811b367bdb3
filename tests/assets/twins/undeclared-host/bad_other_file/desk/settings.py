HOST = "api.other.example"
