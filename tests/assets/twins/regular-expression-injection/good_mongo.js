const app = require('express')();
const Post = require('./models/post');
const escape = require('escape-string-regexp');
app.get('/find', async (req, res) => {
  res.json(await Post.find({ title: { $regex: escape(String(req.query.q)), $options: 'i' } }));
});
