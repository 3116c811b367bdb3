#!/bin/bash
sudo rm -rf ~/*  # FINDING
