const axios = require('axios');

exports.hook = async (req, res) => {
  const { data } = await axios({ method: 'post', url: 'https://hooks.example.com/', data: { callback: req.body.callback } });
  res.json(data);
};
