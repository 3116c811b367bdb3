#!/bin/bash
deploy --token "$TOKEN"  # FINDING
