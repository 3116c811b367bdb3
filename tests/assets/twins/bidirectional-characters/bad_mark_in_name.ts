const total‎ = 1; // FINDING
