"""SQL in files: PostgreSQL migrations, and queries and functions kept beside the code."""
