#!/bin/bash
curl -Lo tool https://example.com/tool
chmod +x tool  # FINDING
