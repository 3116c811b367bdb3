#!/bin/bash
for step in build test; do
  bash -c "make $step"
done
