#!/bin/bash
base64 key.pem | sh_like_tool
