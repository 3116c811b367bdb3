fetch("https://api.other.example/x"); // FINDING
