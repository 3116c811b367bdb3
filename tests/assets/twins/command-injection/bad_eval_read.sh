#!/bin/bash
read -r answer
eval "echo $answer"  # FINDING
