#!/bin/bash
chmod -R 777 /srv/app  # FINDING
