#!/bin/bash
rm -rf "$BUILD"
rm -f "$BUILD/x"
