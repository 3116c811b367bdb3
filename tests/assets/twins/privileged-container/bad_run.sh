#!/bin/bash
docker run --rm --privileged image:1  # FINDING
