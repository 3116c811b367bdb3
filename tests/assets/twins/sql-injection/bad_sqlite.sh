#!/bin/bash
sqlite3 orders.db "select * from orders where id = $1"  # FINDING
