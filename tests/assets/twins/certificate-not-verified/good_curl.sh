#!/bin/bash
curl -s --cacert ca.pem https://example.com/data
curl -o key.pem https://example.com/k
git config --global http.sslVerify true
ssh -o StrictHostKeyChecking=yes host.example.com ls
