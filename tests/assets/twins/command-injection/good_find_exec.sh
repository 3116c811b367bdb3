#!/bin/bash
find . -name '*.txt' -exec sh -c 'echo "$1"' _ {} \;
find . -exec echo {} \;
