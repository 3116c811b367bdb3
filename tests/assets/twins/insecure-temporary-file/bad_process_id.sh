#!/bin/bash
sort a > /tmp/sorted.$$  # FINDING
