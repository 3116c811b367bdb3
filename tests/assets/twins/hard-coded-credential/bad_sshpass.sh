#!/bin/bash
sshpass -p tulip-harbour-9 ssh host.example.com  # FINDING
