const db = require('../db');

exports.byCustomer = async (customer, limit) => {
  const { rows } = await db.query("SELECT * FROM orders WHERE customer = '" + customer + "' LIMIT " + limit); // FINDING
  return rows;
};
