const ffi = require('ffi-napi'); // FINDING

module.exports = ffi.Library('libc', { getpid: ['int', []] });
