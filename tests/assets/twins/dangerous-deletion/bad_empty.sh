#!/bin/bash
rm -rf "$BUILD/"  # FINDING
