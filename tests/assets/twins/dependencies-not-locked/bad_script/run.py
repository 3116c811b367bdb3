# FINDING
# /// script
# dependencies = ["flask"]
# ///
