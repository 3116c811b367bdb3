#!/bin/bash
name=$1
line="echo $name"
eval $line  # FINDING
