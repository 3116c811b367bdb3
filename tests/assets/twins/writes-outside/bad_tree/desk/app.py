with open("cache.json", "w") as app:  # FINDING
    app.write("x")
