#!/bin/bash
curl -s http://localhost:8080/healthz
curl http://orders:8000/x
curl https://example.com/?u=http://example.org
curl "http://$HOST/x"
