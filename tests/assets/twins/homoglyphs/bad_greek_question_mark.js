const a = 1; // FINDING
