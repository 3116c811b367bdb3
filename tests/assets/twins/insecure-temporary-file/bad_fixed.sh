#!/bin/bash
date > /tmp/orders.log  # FINDING
