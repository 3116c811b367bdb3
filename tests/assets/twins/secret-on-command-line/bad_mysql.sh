#!/bin/bash
mysql -u app -p"$DB_PASSWORD" orders  # FINDING
