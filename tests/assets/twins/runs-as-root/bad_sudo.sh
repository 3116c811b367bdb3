#!/bin/bash
sudo cp a /etc/orders.conf  # FINDING
