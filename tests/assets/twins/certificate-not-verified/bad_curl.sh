#!/bin/bash
curl -sk https://example.com/data  # FINDING
