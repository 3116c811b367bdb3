#!/bin/bash
chmod a+rwx data  # FINDING
