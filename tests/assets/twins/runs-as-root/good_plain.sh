#!/bin/bash
cp a b
echo "sudo is not needed"
