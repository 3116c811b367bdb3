#!/bin/bash
apk add --allow-untrusted thing.apk  # FINDING
