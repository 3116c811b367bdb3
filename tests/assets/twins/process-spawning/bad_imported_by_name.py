__import__("subprocess").run(["ls"])  # FINDING
