MARK = "\u202e"  # written so that everybody sees it
