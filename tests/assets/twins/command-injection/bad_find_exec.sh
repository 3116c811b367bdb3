#!/bin/bash
find . -name '*.txt' -exec sh -c 'echo {}' \;  # FINDING
