const x = require("lodash/fp"); // FINDING
