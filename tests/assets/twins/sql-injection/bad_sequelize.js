const { Sequelize } = require('sequelize');

const sequelize = new Sequelize(process.env.SHOP_URL);

module.exports.find = async function find(req, res) {
  const id = req.params.id;
  const rows = await sequelize.query('SELECT * FROM items WHERE id = ' + id); // FINDING
  res.json(rows);
};
