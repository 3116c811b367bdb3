#!/bin/bash
curl -u admin:tulip-harbour-9 https://example.com  # FINDING
