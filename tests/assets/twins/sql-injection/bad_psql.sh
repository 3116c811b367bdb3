#!/bin/bash
psql -c "DELETE FROM orders WHERE name = '$1'"  # FINDING
