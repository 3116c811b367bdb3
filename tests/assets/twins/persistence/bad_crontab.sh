#!/bin/bash
crontab jobs.txt  # FINDING
