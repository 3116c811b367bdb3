#!/bin/bash
chmod 750 data
chmod +x run.sh
chmod u+rwx,go-w data
umask 077
chmod 1777 scratch
