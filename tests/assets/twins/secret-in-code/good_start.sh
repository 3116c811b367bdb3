#!/bin/sh
export API_TOKEN="$(cat /run/secrets/token)"
curl -u "admin:$PASSWORD" https://api.corp.example
