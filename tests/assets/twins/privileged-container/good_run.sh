#!/bin/bash
docker run --rm --cap-drop ALL image:1
