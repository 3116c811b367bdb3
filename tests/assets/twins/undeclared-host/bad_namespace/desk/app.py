NS = "http://api.other.example/ns"
app = {"a": "http://api.other.example/x"}  # FINDING
