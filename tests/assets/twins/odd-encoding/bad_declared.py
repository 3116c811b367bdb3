# -*- coding: utf-7 -*- FINDING
A = 1
