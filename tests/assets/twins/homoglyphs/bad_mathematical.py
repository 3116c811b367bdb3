𝐞𝐯𝐚𝐥("1")  # FINDING
