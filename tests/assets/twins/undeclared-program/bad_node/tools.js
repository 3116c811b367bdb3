const { execFile } = require("node:child_process");

exports.text = (path, done) => execFile("pdftotext", [path, "-"], done); // FINDING
