#!/bin/bash
apt-get install -y --allow-unauthenticated thing  # FINDING
