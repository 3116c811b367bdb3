const repository = require('../repositories/orders');

async function search({ customer, limit }) {
  const rows = await repository.byCustomer(customer, Number(limit) || 20);
  return rows.map((row) => ({ id: row.id, total: row.total }));
}

module.exports = { search };
