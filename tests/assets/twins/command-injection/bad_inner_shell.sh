#!/bin/bash
sh -c 'eval "$1"' _ "$@"  # FINDING
