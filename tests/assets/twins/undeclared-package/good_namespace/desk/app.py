from google.cloud import storage
app = storage
