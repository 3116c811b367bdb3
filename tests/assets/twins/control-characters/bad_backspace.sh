rm -rf /tmp/x  # FINDING
