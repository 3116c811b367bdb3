#!/bin/bash
rm -rf "${BUILD:?}/"*
