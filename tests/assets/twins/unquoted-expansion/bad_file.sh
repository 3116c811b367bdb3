#!/bin/bash
rm -f $1  # FINDING
