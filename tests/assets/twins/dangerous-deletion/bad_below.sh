#!/bin/bash
rm -rf "$PREFIX/lib"/*  # FINDING
