pass‍word = 1  # FINDING
