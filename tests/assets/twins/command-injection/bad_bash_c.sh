#!/bin/bash
bash -c "ls $DIRECTORY"  # FINDING
