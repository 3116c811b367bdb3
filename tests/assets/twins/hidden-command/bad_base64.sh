#!/bin/bash
echo ZWNobyBoaQ== | base64 -d | sh  # FINDING
