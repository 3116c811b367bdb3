#!/bin/bash
echo "$KEY" | base64 -d > key.pem
base64 -d data.txt | jq .
