def app():
    import requests  # FINDING
