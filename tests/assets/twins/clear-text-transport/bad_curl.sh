#!/bin/bash
curl -s http://example.com/data.json  # FINDING
