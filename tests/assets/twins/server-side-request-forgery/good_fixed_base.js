const axios = require('axios');

const BASE = process.env.CATALOG_URL;

exports.show = async (req, res) => {
  const { data } = await axios.get(`${BASE}/items/${req.params.id}`);
  res.json(data);
};
