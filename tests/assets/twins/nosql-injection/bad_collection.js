const { MongoClient } = require('mongodb');
const express = require('express');

const app = express();
const client = new MongoClient(process.env.SHOP_URL);

app.post('/find', async (req, res) => {
  const { name } = req.body;
  res.json(await client.db().collection('people').findOne({ name })); // FINDING
});
