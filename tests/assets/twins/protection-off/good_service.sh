#!/bin/bash
systemctl disable --now orders
ufw allow 443
