#!/bin/bash
ls | xargs -I{} sh -c 'rm {}'  # FINDING
