#!/bin/bash
printf '\x65\x63' | bash  # FINDING
