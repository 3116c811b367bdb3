const { execFile } = require("node:child_process");

exports.text = (path, done) => execFile("node", [path, "-"], done);
