const axios = require('axios');

exports.hook = async (req, res) => {
  const { data } = await axios({ method: 'post', url: req.body.callback, data: { ok: true } }); // FINDING
  res.json(data);
};
