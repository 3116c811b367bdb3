try:
    import requests  # FINDING
except ImportError:
    raise
app = requests
