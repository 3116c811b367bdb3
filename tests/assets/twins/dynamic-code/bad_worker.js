const { Worker } = require('worker_threads');

exports.start = (text) => new Worker(text, { eval: true }); // FINDING
