LABELS = {
    "password": "Password",
    "password_hint": "At least twelve letters",
    "token": "Token",
    "api_key": "Your key",
}
