#!/bin/bash
sh -c 'echo "$1"' _ "$1"
exec "$@"
