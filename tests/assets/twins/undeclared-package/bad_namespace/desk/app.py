from google.generativeai import x  # FINDING
app = x
