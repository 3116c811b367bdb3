A = 1
﻿B = 2  # FINDING
