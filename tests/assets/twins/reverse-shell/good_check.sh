#!/bin/bash
nc -z localhost 5432
echo ok | nc localhost 8125
