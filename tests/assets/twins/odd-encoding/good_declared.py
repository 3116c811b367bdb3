# -*- coding: utf-8 -*-
A = "ü"
