#!/bin/bash
echo $DIRECTORY
ls $1
