#!/bin/bash
export DB_PASSWORD="tulip-harbour-9"  # FINDING
