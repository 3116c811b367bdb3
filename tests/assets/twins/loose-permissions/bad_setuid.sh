#!/bin/bash
chmod u+s tool  # FINDING
