#!/bin/bash
rm -rf build/ node_modules /tmp/orders-cache
