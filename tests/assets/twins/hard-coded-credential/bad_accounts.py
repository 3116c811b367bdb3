USERS = {
    "alice": "wonderland1",  # FINDING
    "bob": "builder2024",  # FINDING
}
