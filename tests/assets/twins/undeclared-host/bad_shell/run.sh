curl https://api.other.example/x  # FINDING
