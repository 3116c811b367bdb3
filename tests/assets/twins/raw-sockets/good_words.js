// require("raw-socket")
const a = require("net");
