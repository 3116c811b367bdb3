#!/bin/bash
umask 000  # FINDING
