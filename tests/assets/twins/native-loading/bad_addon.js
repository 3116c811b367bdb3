const addon = require('./build/Release/fast.node'); // FINDING

module.exports = addon;
