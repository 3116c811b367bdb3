#!/bin/bash
echo 'eval "$1"'
# eval "$1"
