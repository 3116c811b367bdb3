#!/bin/bash
export DB_PASSWORD="$(cat /run/secrets/db)"
API_TOKEN="${API_TOKEN:-}"
PASSWORD_FILE=/run/secrets/db
TOKEN_URL=https://example.com/token
