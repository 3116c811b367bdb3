#!/bin/bash
su -c "restart $SERVICE" app  # FINDING
