# curl https://api.other.example/x
curl https://api.rates.example/x
