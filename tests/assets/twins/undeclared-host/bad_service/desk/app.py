import stripe  # FINDING

app = stripe
