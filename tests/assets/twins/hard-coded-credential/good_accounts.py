USERS = {
    "alice": "finance",
    "bob": "support",
}
