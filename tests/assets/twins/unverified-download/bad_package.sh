#!/bin/bash
curl -o app.deb https://example.com/app.deb
dpkg -i app.deb  # FINDING
