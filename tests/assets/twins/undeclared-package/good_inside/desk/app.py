def app():
    import urllib.request
