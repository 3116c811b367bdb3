import os

app = os.environ["ANTHROPIC_BASE_URL"]  # FINDING
