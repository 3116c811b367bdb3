const express = require('express');

const app = express();
app.use(express.json());
app.get('/orders', async (req, res) => res.json(await orders()));
app.listen(process.env.PORT);
