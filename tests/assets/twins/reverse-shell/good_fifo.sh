#!/bin/bash
mkfifo /run/f
cat /run/f | sort
