#!/bin/bash
target=$(mktemp)
date > "$target"
