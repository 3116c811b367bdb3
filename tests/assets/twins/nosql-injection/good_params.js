const mongoose = require('mongoose');
const express = require('express');

const app = express();
const Item = mongoose.model('Item', new mongoose.Schema({ slug: String }));

app.get('/items/:slug', async (req, res) => {
  res.json(await Item.findOne({ slug: req.params.slug }));
});
