import os

DB_PASSWORD = os.getenv("DB_PASSWORD", "s3cr3t-desk")  # FINDING
