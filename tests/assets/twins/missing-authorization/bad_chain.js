const express = require('express');
const { countHits } = require('./hits');
const app = express();
const admin = express.Router();
admin.use(countHits);
admin.post('/users/:id/ban', async (req, res) => { await ban(req.params.id); res.end(); });
admin.delete('/users/:id', async (req, res) => { await remove(req.params.id); res.end(); }); // FINDING
app.use('/admin', admin);
