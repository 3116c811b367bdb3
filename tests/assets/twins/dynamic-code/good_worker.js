const { Worker } = require('worker_threads');

exports.start = (data) => new Worker('./worker.js', { workerData: data });
