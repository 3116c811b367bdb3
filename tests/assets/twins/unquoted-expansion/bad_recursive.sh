#!/bin/bash
rm -rf $DIRECTORY  # FINDING
