import stripe

app = stripe
