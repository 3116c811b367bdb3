#!/bin/bash
rm -rf "$DIRECTORY"
