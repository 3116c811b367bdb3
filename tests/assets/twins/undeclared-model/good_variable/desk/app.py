import os
import anthropic

app = os.environ["ANTHROPIC_BASE_URL"]
