#!/bin/bash
DB_PASSWORD=changeme
API_KEY="<your key>"
SECRET=""
