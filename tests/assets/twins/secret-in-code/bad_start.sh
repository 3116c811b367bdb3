#!/bin/sh
export API_TOKEN=k3Jd82LsPq91XzMv74Bn # FINDING
curl -u admin:Kd82ls9QxZ https://api.corp.example # FINDING
