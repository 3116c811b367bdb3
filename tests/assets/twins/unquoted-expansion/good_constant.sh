#!/bin/bash
DIRECTORY=build/out
rm -rf $DIRECTORY
