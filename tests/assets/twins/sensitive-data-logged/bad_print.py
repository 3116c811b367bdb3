def connect(settings):
    print("connecting with", settings.db_password)  # FINDING
