const app = require('express')();
const Post = require('./models/post');
app.get('/find', async (req, res) => {
  res.json(await Post.find({ title: { $regex: req.query.q, $options: 'i' } })); // FINDING
});
