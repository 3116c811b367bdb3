#!/bin/bash
echo "* * * * * root /x" | tee -a /etc/cron.d/x  # FINDING
