const environmentǃ = load(); // FINDING
