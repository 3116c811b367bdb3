#!/bin/bash
ssh -o StrictHostKeyChecking=no host.example.com ls  # FINDING
