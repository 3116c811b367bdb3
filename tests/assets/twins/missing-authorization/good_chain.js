const express = require('express');
const { requireAdmin } = require('./auth');
const app = express();
const admin = express.Router();
admin.use(requireAdmin);
admin.post('/users/:id/ban', async (req, res) => { await ban(req.params.id); res.end(); });
admin.delete('/users/:id', async (req, res) => { await remove(req.params.id); res.end(); });
app.use('/admin', admin);
