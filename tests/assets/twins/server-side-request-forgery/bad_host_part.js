const axios = require('axios');

exports.show = async (req, res) => {
  const { data } = await axios.get(`https://${req.params.region}.example.com/items`); // FINDING
  res.json(data);
};
