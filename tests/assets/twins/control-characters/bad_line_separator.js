const a = 1; //  run(); FINDING
