# ‮مرحبا‬ FINDING
