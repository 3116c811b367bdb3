const raw = require("raw-socket"); // FINDING
