#!/bin/bash
rm -rf $TARGET/*  # FINDING
