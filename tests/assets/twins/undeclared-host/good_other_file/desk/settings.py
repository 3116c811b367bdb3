HOST = "api.rates.example"
