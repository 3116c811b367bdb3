const express = require('express');

module.exports = express.json({ limit: '500mb' }); // FINDING
