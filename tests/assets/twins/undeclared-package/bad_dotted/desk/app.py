import azure.storage.blob  # FINDING
app = 1
