const db = require('../db');

exports.byCustomer = async (customer, limit) => {
  const { rows } = await db.query('SELECT * FROM orders WHERE customer = $1 LIMIT ' + limit, [customer]);
  return rows;
};
