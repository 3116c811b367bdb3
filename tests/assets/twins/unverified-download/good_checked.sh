#!/bin/bash
curl -Lo tool https://example.com/tool
echo "0123  tool" | sha256sum -c -
chmod +x tool
