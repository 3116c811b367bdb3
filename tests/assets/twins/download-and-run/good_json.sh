#!/bin/bash
curl -s https://example.com/x | python3 -m json.tool
curl -s https://example.com/x | jq .name
curl -s https://example.com/x | python3 -c "import json,sys; print(json.load(sys.stdin))"
