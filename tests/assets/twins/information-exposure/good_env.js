const app = require('express')();
app.get('/debug', (req, res) => res.json({ version: process.env.npm_package_version }));
