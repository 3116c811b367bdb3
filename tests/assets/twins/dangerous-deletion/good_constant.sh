#!/bin/bash
BUILD=build
rm -rf "$BUILD/"
