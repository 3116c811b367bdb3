#!/bin/bash
name=orders
eval "echo $name"
