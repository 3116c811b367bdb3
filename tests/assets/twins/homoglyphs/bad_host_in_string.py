HOST = "pаypal.com"  # FINDING
