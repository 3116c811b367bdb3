#!/bin/bash
setenforce 0  # FINDING
