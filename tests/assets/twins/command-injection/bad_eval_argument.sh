#!/bin/bash
eval "$1"  # FINDING
