#!/bin/bash
psql -v name="$1" -f delete.sql
TABLE=orders
psql -c "SELECT count(*) FROM $TABLE"
