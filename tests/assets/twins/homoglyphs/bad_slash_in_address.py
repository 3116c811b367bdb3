BASE = "https://bank.example∕login.evil.example"  # FINDING
