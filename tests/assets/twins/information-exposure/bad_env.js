const app = require('express')();
app.get('/debug', (req, res) => res.json(process.env)); // FINDING
