V = "😀︀︁︉︌️︁︄"  # FINDING
