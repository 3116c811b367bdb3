const x = require("express/lib/router");
const fs = require("fs/promises");
