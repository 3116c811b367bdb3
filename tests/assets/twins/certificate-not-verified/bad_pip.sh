#!/bin/bash
pip install --trusted-host pypi.example.com thing  # FINDING
