#!/bin/bash
rm -fr "${OUT}"/*  # FINDING
