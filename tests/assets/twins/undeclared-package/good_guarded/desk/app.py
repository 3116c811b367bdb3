try:
    import requests
except ImportError:
    requests = None
app = requests
