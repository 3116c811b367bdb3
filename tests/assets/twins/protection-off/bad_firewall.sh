#!/bin/bash
sudo systemctl disable --now firewalld  # FINDING
