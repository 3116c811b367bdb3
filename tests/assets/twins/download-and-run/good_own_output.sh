#!/bin/bash
./make_script.sh | sh
bash <(./make_script.sh)
