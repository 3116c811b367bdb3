const ejs = require('ejs');

exports.render = (req, res) => {
  res.json({ text: ejs.render('<h1><%= title %></h1>', { title: req.body.title }) });
};
