#!/bin/bash
eval "$(echo 6563686f | xxd -r -p)"  # FINDING
