#!/bin/bash
docker login -u app --password-stdin < token.txt
mysql -u app -p orders
deploy --token-file token.txt
mkdir -p "$DIR"
read -p "Token: " TOKEN
