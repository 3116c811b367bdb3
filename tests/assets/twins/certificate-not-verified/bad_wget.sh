#!/bin/bash
wget --no-check-certificate https://example.com/data  # FINDING
