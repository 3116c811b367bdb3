ALLOWED = {"alice​@example.com"}  # FINDING
